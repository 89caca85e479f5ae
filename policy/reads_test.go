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
)

const (
	ociHead    = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app, namespace: apps}, spec: "
	helmHead   = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: apps}, spec: "
	chartHead  = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: chart, namespace: apps}, spec: "
	relHead    = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: apps}, spec: "
	kustomHead = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: app, namespace: apps}, spec: "
)

// formObjects gives, for each form, an object of it and the object that it refers to; SPEC is where the url is written.
func formObjects() map[string][2]string {
	oci := ociHead + "{SPEC}}"
	helm := helmHead + "{type: oci, SPEC}}"
	return map[string][2]string{
		"OCIRepository":                          {oci, ""},
		"HelmRelease chartRef":                   {relHead + "{chartRef: {kind: OCIRepository, name: app}}}", oci},
		"HelmRelease chart.spec, HelmRepository": {relHead + "{chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts}}}}}", helm},
		"HelmRelease inline OCIRepository":       {relHead + "{chart: {kind: OCIRepository, spec: {SPEC}}}}", ""},
		"HelmRelease chart.spec, OCIRepository":  {relHead + "{chart: {spec: {chart: x, sourceRef: {kind: OCIRepository, name: app}}}}}", oci},
		"HelmRepository":                         {helm, ""},
		"HelmChart":                              {chartHead + "{chart: x, sourceRef: {kind: HelmRepository, name: charts}}}", helm},
		"Kustomization":                          {kustomHead + "{sourceRef: {kind: OCIRepository, name: app}}}", oci},
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
			got := map[string]bool{}
			for _, spec := range []string{
				"url: 'oci://10.0.0.1/evil', insecure: true",
				"url: 'oci://ghcr.io//evil'",
				"url: 'oci://ghcr.io/evil', ref: {tag: v1, digest: 'sha256:aa'}",
			} {
				review := reviewOf(t, strings.ReplaceAll(pair[0], "SPEC", spec), strings.ReplaceAll(pair[1], "SPEC", spec))
				for _, v := range judged(t, p, review) {
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

// reviewOf reads an object, with every source new and its tag naming another digest.
func reviewOf(t *testing.T, object, other string) Review {
	t.Helper()
	lookup := flux.LookupFunc(func(context.Context, flux.Key) (*unstructured.Unstructured, error) {
		return objectOf(t, other), nil
	})
	obj := objectOf(t, object)
	sources, err := flux.Sources(t.Context(), obj, lookup)
	if err != nil {
		t.Fatal(err)
	}
	review := Review{Kind: obj.GetKind(), Namespace: obj.GetNamespace(), Name: obj.GetName()}
	for _, s := range sources {
		found := SourceReview{Source: s, Changed: true, Resolved: &Resolved{Tag: "v1", Digest: "sha256:bb"}}
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
