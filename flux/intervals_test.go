package flux

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIntervals(t *testing.T) {
	source := func(kind, spec string) string {
		return "{apiVersion: source.toolkit.fluxcd.io/v1, kind: " + kind + ", metadata: {name: a, namespace: b}, spec: {" + spec + "}}"
	}
	for sentence, test := range map[string]struct {
		object string
		want   Intervals
	}{
		"an OCIRepository": {source("OCIRepository", `interval: 5m, url: "oci://a/b"`), Intervals{Object: "5m"}},
		"a HelmChart":      {source("HelmChart", `interval: 1h0m5s`), Intervals{Object: "1h0m5s"}},
		"a Kustomization": {
			"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: {interval: 10m}}", Intervals{Object: "10m"}},
		"none":                        {source("OCIRepository", `url: "oci://a/b"`), Intervals{}},
		"null":                        {source("OCIRepository", `interval: null, url: "oci://a/b"`), Intervals{}},
		"one that is no string":       {source("OCIRepository", `interval: 5, url: "oci://a/b"`), Intervals{}},
		"a HelmRepository over http":  {source("HelmRepository", `interval: 5m, url: "https://a.b"`), Intervals{Object: "5m"}},
		"one over http without":       {source("HelmRepository", `url: "https://a.b"`), Intervals{Object: "1m"}},
		"one of type default without": {source("HelmRepository", `type: default, url: "https://a.b"`), Intervals{Object: "1m"}},
		"a HelmRepository of type oci, whose interval Flux does not read": {
			source("HelmRepository", `interval: 5m, type: oci, url: "oci://a.b/c"`), Intervals{}},
		"a HelmRelease with a chartRef": {release("  chartRef: {kind: OCIRepository, name: a}"), Intervals{Object: "10m"}},
		"a HelmRelease with a template of its own interval": {
			release("  chart: {spec: {interval: 1m, chart: a, sourceRef: {kind: HelmRepository, name: a}}}"),
			Intervals{Object: "10m", Chart: "1m"}},
		"a HelmRelease with an inline OCIRepository": {
			release(`  chart: {kind: OCIRepository, spec: {interval: 2m, url: "oci://a/b"}}`), Intervals{Object: "10m", Chart: "2m"}},
		"a HelmRelease with a template without": {
			release("  chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}}}"), Intervals{Object: "10m"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, IntervalsOf(object(t, test.object))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestADurationThatFluxCannotReadIsABadObject, be it one that Flux's schema lets pass.
func TestADurationThatFluxCannotReadIsABadObject(t *testing.T) {
	for text, good := range map[string]bool{
		"5m": true, "1h30m": true, "0s": true, "1.5h": true, "100ms": true,
		"5": false, "-5m": false, "1d": false, "5 m": false, "m": false, "99999999999h": false, "1h\n": false, "never": false,
	} {
		for path, write := range map[string]func(string) string{
			"spec.interval": func(interval string) string {
				return "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: a, namespace: b}, spec: {url: 'oci://a/b', interval: " + interval + "}}"
			},
			"spec.chart.spec.interval": func(interval string) string {
				return release("  chart: {kind: OCIRepository, spec: {url: 'oci://a/b', interval: " + interval + "}}")
			},
		} {
			quoted := `"` + strings.ReplaceAll(text, "\n", `\n`) + `"`
			_, err := Sources(t.Context(), object(t, write(quoted)), others(t, ""))
			if good {
				if err != nil {
					t.Errorf("%s at %s: %v", text, path, err)
				}
				continue
			}
			bad := (*ObjectError)(nil)
			want := ObjectError{Path: path, Message: "must be a duration as in 30s, 10m or 1h30m, is " + quoted}
			if !errors.As(err, &bad) || *bad != want {
				t.Errorf("%s at %s: %v, want %v", text, path, err, want.Error())
			}
		}
	}
}
