package flux

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// FuzzSources checks on arbitrary specs, of the object and of whatever it refers to, that nothing panics or changes, that
// an error is the object's, and that a source is complete enough to be judged.
func FuzzSources(f *testing.F) {
	f.Add("OCIRepository", `{"url":"oci://ghcr.io/a/b","ref":{"tag":"v1"},"verify":{"matchOIDCIdentity":[{"issuer":"a"}]}}`, `{}`)
	f.Add("HelmRepository", `{"url":"oci://ghcr.io/a","type":"oci"}`, `null`)
	f.Add("HelmChart", `{"chart":"a","sourceRef":{"kind":"HelmRepository","name":"b"}}`, `{"url":"oci://ghcr.io/a","type":"oci"}`)
	f.Add("HelmRelease", `{"chart":{"spec":{"chart":"a","sourceRef":{"kind":"HelmRepository","name":"b"}}}}`, `{"url":"https://a"}`)
	f.Add("HelmRelease", `{"chartRef":{"kind":"HelmChart","name":"b"}}`, `{"chart":"a","sourceRef":{"kind":"HelmRepository","name":"b"},"url":"oci://a.b","type":"oci"}`)
	f.Add("HelmRelease", `{"chart":{"kind":"OCIRepository","spec":{"url":"oci://a/b","ref":null}}}`, `[]`)
	f.Add("Kustomization", `{"sourceRef":{"kind":"OCIRepository","name":"b","namespace":"c"}}`, `{"url":"oci://a/b"}`)
	apiVersions := map[string]string{
		"HelmRelease": "helm.toolkit.fluxcd.io/v2", "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
	}
	f.Fuzz(func(t *testing.T, kind, spec, referred string) {
		var specValue, referredValue any
		if json.Unmarshal([]byte(spec), &specValue) != nil || json.Unmarshal([]byte(referred), &referredValue) != nil {
			return
		}
		apiVersion, found := apiVersions[kind]
		if !found {
			apiVersion = "source.toolkit.fluxcd.io/v1"
		}
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": "a", "namespace": "prod"}, "spec": specValue,
		}}
		before := obj.DeepCopy()
		lookups := 0
		sources, err := Sources(t.Context(), obj, LookupFunc(func(_ context.Context, key Key) (*unstructured.Unstructured, error) {
			lookups++
			listed := slices.Contains(Referents(), schema.GroupKind{Group: key.Group, Kind: key.Kind})
			if !listed || key.Name == "" || key.Namespace == "" {
				t.Errorf("a lookup of %+v", key)
			}
			return &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": SourceGroup + "/v1", "kind": key.Kind, "spec": referredValue,
			}}, nil
		}))
		if diff := cmp.Diff(before, obj); diff != "" {
			t.Errorf("the object was changed:\n%s", diff)
		}
		if lookups > 3 {
			t.Errorf("%d lookups", lookups)
		}
		var bad *ObjectError
		switch {
		case err != nil && !errors.As(err, &bad) && !errors.Is(err, ErrUnknownKind):
			t.Errorf("the user's mistake reads as an infrastructure error: %v", err)
		case err == nil && len(sources) == 0:
			t.Error("nothing to judge and no error")
		}
		for _, s := range sources {
			dialled := s.Form == FormOCIRepository || s.Form == FormHelmChart || s.Form == FormHelmRepository
			if s.Form == "" || s.Kind == "" || s.Path == "" || s.Namespace == "" || dialled == (s.Repository.IsZero() && s.Problem == "") {
				t.Errorf("incomplete: %+v", s)
			}
		}
	})
}

func BenchmarkSources(b *testing.B) {
	for name, test := range map[string]struct{ object, others string }{
		"oci-repository":         {object: podinfoRepository},
		"helm-release-chart-ref": {release("  chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}"), podinfoRepository},
		"helm-release-chart": {
			release("  chart: {spec: {chart: podinfo, sourceRef: {kind: HelmRepository, name: charts, namespace: shared}}}"), chartsRepository},
	} {
		b.Run(name, func(b *testing.B) {
			obj, lookup := object(b, test.object), others(b, test.others)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Sources(b.Context(), obj, lookup); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRewriteChartRef(b *testing.B) {
	obj := object(b, helmRelease("", "", "{chartRef: "+ourRef+"}"))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := RewriteChartRef(obj); err != nil {
			b.Fatal(err)
		}
	}
}
