package policy

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	ociHead    = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app, namespace: apps}, spec: "
	helmHead   = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: apps}, spec: "
	chartHead  = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: chart, namespace: apps}, spec: "
	relHead    = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: apps}, spec: "
	kustomHead = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: app, namespace: apps}, spec: "
)

// formObjects gives, for each form, an object of it and the objects that it leads to; SPEC is where the url is written.
func formObjects() map[string][2]string {
	oci := ociHead + "{interval: 1s, SPEC}}"
	helm := helmHead + "{type: oci, SPEC}}"
	return map[string][2]string{
		"OCIRepository":                          {oci, ""},
		"HelmRelease chartRef":                   {relHead + "{interval: 1s, chartRef: {kind: OCIRepository, name: app}}}", oci},
		"HelmRelease chart.spec, HelmRepository": {relHead + "{interval: 1s, chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts}}}}}", helm},
		"HelmRelease inline OCIRepository":       {relHead + "{interval: 1s, chart: {kind: OCIRepository, spec: {SPEC}}}}", ""},
		"HelmRelease chart.spec, OCIRepository":  {relHead + "{interval: 1s, chart: {spec: {chart: x, sourceRef: {kind: OCIRepository, name: app}}}}}", oci},
		"HelmRepository":                         {helm, ""},
		"HelmChart":                              {chartHead + "{interval: 1s, chart: x, sourceRef: {kind: HelmRepository, name: charts}}}", helm},
		"Kustomization":                          {kustomHead + "{interval: 1s, sourceRef: {kind: OCIRepository, name: app}}}", oci},
	}
}

// worseObjects are objects of a form, and what they lead to, whose fault is not in a url.
func worseObjects() map[string][][2]string {
	http := helmHead + "{interval: 1s, url: 'https://charts.example.com'}}"
	return map[string][][2]string{
		"HelmRelease chartRef": {
			{relHead + "{chartRef: {kind: ExternalArtifact, name: app, namespace: infra}}}", ""},
			{relHead + "{chartRef: {kind: HelmChart, name: chart}}}",
				chartHead + "{chart: x, sourceRef: {kind: HelmRepository, name: charts}}}\n---\n" + http},
		},
		"HelmRelease chart.spec, HelmRepository": {
			{relHead + "{chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts, namespace: infra}}}}}", http},
		},
		"HelmRelease inline OCIRepository": {{relHead + "{chart: {kind: Bucket, spec: {bucketName: x}}}}", ""}},
		"HelmRelease chart.spec, OCIRepository": {
			{relHead + "{chart: {spec: {chart: x, sourceRef: {kind: OCIRepository, name: app, namespace: infra}}}}}", ""},
		},
		"HelmRepository": {{http, ""}},
		"HelmChart":      {{chartHead + "{chart: x, sourceRef: {kind: GitRepository, name: app}}}", ""}},
		"Kustomization":  {{kustomHead + "{sourceRef: {kind: GitRepository, name: app, namespace: infra}}}", ""}},
	}
}

// TestReadsIsTrue: a rule finds something in the worst objects of a form, unless it says that the form is not applicable.
func TestReadsIsTrue(t *testing.T) {
	p := mustParse(t, everyRule)
	rules, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	objects := formObjects()
	if diff := cmp.Diff(slices.Sorted(slices.Values(Forms())), slices.Sorted(maps.Keys(objects))); diff != "" {
		t.Fatal("forms (-want +got):\n", diff)
	}
	for form, pair := range objects {
		t.Run(form, func(t *testing.T) {
			worst := worseObjects()[form]
			for _, spec := range []string{
				"url: 'oci://10.0.0.1/evil', insecure: true",
				"url: 'oci://ghcr.io//evil', ref: {semver: '>=1'}",
				"url: 'oci://ghcr.io/evil', ref: {tag: v1, digest: 'sha256:aa'}, provider: aws",
			} {
				worst = append(worst, [2]string{
					strings.ReplaceAll(pair[0], "SPEC", spec), strings.ReplaceAll(pair[1], "SPEC", spec),
				})
			}
			got := map[string]bool{}
			for _, objects := range worst {
				for _, v := range judged(t, p, reviewOf(t, objects[0], objects[1])) {
					got[v.Rule] = true
					if !strings.HasPrefix(v.Path, "spec") {
						t.Errorf("%s: path is %q", v.Rule, v.Path)
					}
				}
			}
			want := map[string]bool{}
			for _, r := range rules {
				for _, read := range r.Reads {
					if read.Form == form && !strings.HasPrefix(read.Fields, "not applicable") {
						want[r.Name] = true
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error("rules (-want +got):\n", diff)
			}
		})
	}
}

// reviewOf reads an object, with every source new, its tag naming another digest, and its Secret holding two keys, and no signature. The objects that
// it leads to are found by their kinds, in whatever namespace.
func reviewOf(t *testing.T, object, others string) Review {
	t.Helper()
	lookup := flux.LookupFunc(func(_ context.Context, key flux.Key) (*unstructured.Unstructured, error) {
		for other := range strings.SplitSeq(others, "\n---\n") {
			if found := objectOf(t, other); found.GetKind() == key.Kind {
				return found, nil
			}
		}
		return nil, nil
	})
	obj := objectOf(t, object)
	sources, err := flux.Sources(t.Context(), obj, lookup)
	if err != nil {
		t.Fatal(err)
	}
	review := Review{
		Kind: obj.GetKind(), Namespace: obj.GetNamespace(), Name: obj.GetName(),
		ServiceAccountName: flux.ServiceAccountName(obj),
		Interval:           flux.IntervalsOf(obj).Object, ChartInterval: flux.IntervalsOf(obj).Chart,
	}
	for _, s := range sources {
		found := SourceReview{
			Source: s, Changed: true, Resolved: &Resolved{Tag: "v1", Digest: "sha256:bb"},
			Keys:      &Keys{Entries: []Key{{Entry: "a.pub", Fingerprint: listedKey}, {Entry: "b.pub", Fingerprint: "sha256:bb"}}},
			Signature: &Signature{Signature: verify.Unverified(verify.ReasonUnsigned, "has no signature")},
		}
		review.Sources = append(review.Sources, found)
	}
	return review
}

func objectOf(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &obj.Object); err != nil {
		t.Fatal(err)
	}
	return obj
}

// judged gives the violations of both phases.
func judged(t *testing.T, p *Policy, review Review) []Violation {
	t.Helper()
	in := NewInput(review)
	var all []Violation
	for _, phase := range []Phase{Static, Facts} {
		violations, err := p.Evaluate(t.Context(), in, phase)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, violations...)
	}
	return all
}
