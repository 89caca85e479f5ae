package flux

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// helmRelease is a HelmRelease with these annotations, managed fields and spec, each a YAML flow value or empty.
func helmRelease(annotations, managedFields, spec string) string {
	text := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: podinfo\n  namespace: prod\n"
	if annotations != "" {
		text += "  annotations: " + annotations + "\n"
	}
	if managedFields != "" {
		text += "  managedFields: " + managedFields + "\n"
	}
	return text + "spec: " + spec + "\n"
}

const (
	// written is what documentation shows, defaulted what the API server makes of it.
	written   = "{chart: podinfo, sourceRef: {kind: OCIRepository, name: podinfo-oci}}"
	defaulted = `{chart: podinfo, version: "*", reconcileStrategy: ChartVersion, interval: 5m, sourceRef: {kind: OCIRepository, name: podinfo-oci}}`

	ourRecord  = `{fluxgate.dev/chart-ref: '{"kind":"OCIRepository","name":"podinfo-oci"}'}`
	ourRef     = "{kind: OCIRepository, name: podinfo-oci}"
	otherChart = "{chart: podinfo, sourceRef: {kind: HelmRepository, name: charts}}"
	refApplied = `[{manager: kustomize-controller, operation: Apply, fieldsV1: {"f:spec": {"f:chartRef": {"f:kind": {}, "f:name": {}}}}}]`
	hrApplied  = `[{manager: kustomize-controller, operation: Apply, fieldsV1: {"f:spec": {"f:chart": {"f:spec": {}}}}}]`
)

func TestRewriteChartRef(t *testing.T) {
	const (
		note    = "spec.chart, whose sourceRef is an OCIRepository, was rewritten to spec.chartRef: {kind: OCIRepository, name: podinfo-oci}"
		dropped = "spec.chartRef was removed: Fluxgate had derived it, and spec.chart no longer names an OCIRepository"
	)
	derived := helmRelease(ourRecord, "", "{interval: 10m, chartRef: "+ourRef+"}")
	for sentence, test := range map[string]struct {
		object string
		// want is empty where the object itself is to come back.
		want, note string
	}{
		"as documentation shows it": {helmRelease("", "", "{interval: 10m, chart: {spec: "+written+"}}"), derived, note},
		"as the API server has it":  {helmRelease("", "", "{interval: 10m, chart: {spec: "+defaulted+"}}"), derived, note},
		"with empty values everywhere": {
			helmRelease("", "", `{interval: 10m, chartRef: null, chart: {kind: null, metadata: {}, spec: {chart: podinfo, version: "", valuesFiles: [],
				ignoreMissingValuesFiles: false, verify: null, sourceRef: {kind: OCIRepository, name: podinfo-oci}}}}`), derived, note},
		"with the kind of template that is the default": {
			helmRelease("", "", "{interval: 10m, chart: {kind: HelmChart, spec: "+written+"}}"), derived, note},
		"with the API that Flux ignores": {
			helmRelease("", "", "{interval: 10m, chart: {spec: {chart: podinfo, sourceRef: "+
				"{apiVersion: source.toolkit.fluxcd.io/v1beta2, kind: OCIRepository, name: podinfo-oci}}}}"), derived, note},
		"into another namespace, beside other annotations": {
			helmRelease("{a: b}", "", "{chart: {spec: {chart: podinfo, sourceRef: {kind: OCIRepository, name: podinfo, namespace: shared}}}}"),
			helmRelease(`{a: b, fluxgate.dev/chart-ref: '{"kind":"OCIRepository","name":"podinfo","namespace":"shared"}'}`, "",
				"{chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}}"),
			"spec.chart, whose sourceRef is an OCIRepository, was rewritten to spec.chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}",
		},
		"with annotations of null": {
			helmRelease("null", "", "{interval: 10m, chart: {spec: "+written+"}}"), derived, note},
		"applied again: chart comes back beside our chartRef": {
			helmRelease(ourRecord, hrApplied, "{interval: 10m, chartRef: "+ourRef+", chart: {spec: "+defaulted+"}}"),
			helmRelease(ourRecord, hrApplied, "{interval: 10m, chartRef: "+ourRef+"}"), note,
		},
		"applied again with another name": {
			helmRelease(`{fluxgate.dev/chart-ref: '{"kind":"OCIRepository","name":"old","namespace":"shared"}'}`, "",
				"{interval: 10m, chartRef: {kind: OCIRepository, name: old, namespace: shared}, chart: {spec: "+written+"}}"), derived, note,
		},
		"applied again with another kind": {
			helmRelease(ourRecord, hrApplied, "{chartRef: "+ourRef+", chart: {spec: "+otherChart+"}}"),
			helmRelease("", hrApplied, "{chart: {spec: "+otherChart+"}}"), dropped,
		},
		"applied again with the inline form of 1.7": {
			helmRelease(ourRecord, "", "{chartRef: "+ourRef+", chart: {kind: OCIRepository, spec: {url: \"oci://a/b\"}}}"),
			helmRelease("", "", "{chart: {kind: OCIRepository, spec: {url: \"oci://a/b\"}}}"), dropped,
		},
		"stored as we wrote it":          {helmRelease(ourRecord, hrApplied, "{chartRef: "+ourRef+"}"), "", ""},
		"a chart of another kind":        {helmRelease("", "", "{chart: {spec: "+otherChart+"}}"), "", ""},
		"a user's chartRef":              {helmRelease("", "", "{chartRef: "+ourRef+"}"), "", ""},
		"a user's chartRef beside chart": {helmRelease("", "", "{chartRef: "+ourRef+", chart: {spec: "+written+"}}"), "", ""},
		"neither chart nor chartRef":     {helmRelease("", "", "{}"), "", ""},
		"the user applies the chartRef himself": {
			helmRelease(ourRecord, refApplied, "{chartRef: "+ourRef+"}"), helmRelease("", refApplied, "{chartRef: "+ourRef+"}"), ""},
		"the user applies the chartRef himself, beside a chart": {
			helmRelease(ourRecord, refApplied, "{chartRef: "+ourRef+", chart: {spec: "+written+"}}"),
			helmRelease("", refApplied, "{chartRef: "+ourRef+", chart: {spec: "+written+"}}"), ""},
		"a record of another chartRef": {
			helmRelease(ourRecord, "", "{chartRef: {kind: OCIRepository, name: mine}, chart: {spec: "+written+"}}"),
			helmRelease("", "", "{chartRef: {kind: OCIRepository, name: mine}, chart: {spec: "+written+"}}"), ""},
		"a record of less than the chartRef says": {
			helmRelease(ourRecord, "", "{chartRef: {kind: OCIRepository, name: podinfo-oci, namespace: other}}"),
			helmRelease("", "", "{chartRef: {kind: OCIRepository, name: podinfo-oci, namespace: other}}"), ""},
		"a record without a chartRef": {
			helmRelease(ourRecord, "", "{chart: {spec: "+otherChart+"}}"), helmRelease("", "", "{chart: {spec: "+otherChart+"}}"), ""},
		"a record that is no JSON": {
			helmRelease("{fluxgate.dev/chart-ref: '{{', a: b}", "", "{chartRef: "+ourRef+"}"), helmRelease("{a: b}", "", "{chartRef: "+ourRef+"}"), ""},
		"a record that is no record": {
			helmRelease("{fluxgate.dev/chart-ref: '[null]'}", "", "{chartRef: {}}"), helmRelease("", "", "{chartRef: {}}"), ""},
		"a record of nothing and an empty chartRef": {
			helmRelease("{fluxgate.dev/chart-ref: '{}'}", "", "{chartRef: {}, chart: {spec: "+otherChart+"}}"),
			helmRelease("", "", "{chartRef: {}, chart: {spec: "+otherChart+"}}"), ""},
		"a record without end": {
			helmRelease("{fluxgate.dev/chart-ref: '"+strings.Repeat("[", 5000)+"'}", "", "{chartRef: "+ourRef+"}"),
			helmRelease("", "", "{chartRef: "+ourRef+"}"), ""},
		"another kind of object": {podinfoRepository, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			obj := object(t, test.object)
			before := obj.DeepCopy()
			got, note, err := RewriteChartRef(obj)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, obj); diff != "" {
				t.Errorf("the object itself was changed (-before +after):\n%s", diff)
			}
			if test.want == "" && got != obj {
				t.Errorf("a copy although nothing is to change:\n%s", cmp.Diff(obj, got))
			}
			if test.want != "" {
				if diff := cmp.Diff(object(t, test.want), got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if note != test.note {
				t.Errorf("note %q, want %q", note, test.note)
			}
			if again, note, err := RewriteChartRef(got); again != got || note != "" || err != nil {
				t.Errorf("a second pass changes it again: %q, %v", note, err)
			}
		})
	}
}

func TestRewriteChartRefRefusesToLoseAnything(t *testing.T) {
	const source = "sourceRef: {kind: OCIRepository, name: podinfo-oci}"
	specs := map[string]string{
		"annotations that are a list": "{chart: {spec: {chart: podinfo, " + source + "}}}",
		"version":                     "{chart: {spec: {chart: podinfo, version: 6.x, " + source + "}}}",
		"values files":                "{chart: {spec: {chart: podinfo, valuesFiles: [prod.yaml], " + source + "}}}",
		"verify":                      "{chart: {spec: {chart: podinfo, verify: {provider: cosign}, " + source + "}}}",
		"empty verify":                "{chart: {spec: {chart: podinfo, verify: {}, " + source + "}}}",
		"strategy":                    "{chart: {spec: {chart: podinfo, reconcileStrategy: Revision, " + source + "}}}",
		"missing values files":        "{chart: {spec: {chart: podinfo, ignoreMissingValuesFiles: true, " + source + "}}}",
		"metadata":                    "{chart: {metadata: {labels: {a: b}}, spec: {chart: podinfo, " + source + "}}}",
		"a field of 1.7":              "{chart: {spec: {chart: podinfo, ref: {tag: v1}, " + source + "}}}",
		"an unknown field":            "{chart: {future: 1, spec: {chart: podinfo, " + source + "}}}",
		"hostile field":               `{chart: {spec: {chart: podinfo, "a\nb": 1, ` + source + "}}}",
		"another API":                 "{chart: {spec: {chart: podinfo, sourceRef: {apiVersion: example.com/v1, kind: OCIRepository, name: podinfo-oci}}}}",
		"several":                     "{chart: {spec: {chart: podinfo, version: 6.x, valuesFiles: [a], verify: {provider: cosign}, " + source + "}}}",
		"a repository elsewhere":      "{chart: {spec: {chart: podinfo, version: 1.2.3, sourceRef: {kind: OCIRepository, name: a, namespace: shared}}}}",
		"beside our chartRef":         "{chartRef: " + ourRef + ", chart: {spec: {chart: podinfo, version: 6.x, " + source + "}}}",
		"no name":                     "{chart: {spec: {chart: podinfo, sourceRef: {kind: OCIRepository}}}}",
		"a number as version":         "{chart: {spec: {chart: podinfo, version: 6, " + source + "}}}",
		"a number as name":            "{chart: {spec: {chart: podinfo, sourceRef: {kind: OCIRepository, name: 5}}}}",
		"a text as chart":             "{chart: podinfo}",
		"a list as sourceRef":         "{chart: {spec: {sourceRef: [OCIRepository]}}}",
		"a hostile name":              `{chart: {spec: {version: 1.x, sourceRef: {kind: OCIRepository, name: "a}\nb"}}}}`,
		"a number as apiVersion":      "{chart: {spec: {sourceRef: {apiVersion: 5, kind: OCIRepository, name: a}}}}",
		"a version without end":       "{chart: {spec: {version: " + strings.Repeat("x", 5000) + ", " + source + "}}}",
	}
	annotationsOf := func(sentence string) string {
		if sentence == "annotations that are a list" {
			return "[a]"
		}
		return ourRecord
	}
	var messages strings.Builder
	for _, sentence := range slices.Sorted(maps.Keys(specs)) {
		obj := object(t, helmRelease(annotationsOf(sentence), "", specs[sentence]))
		got, note, err := RewriteChartRef(obj)
		var bad *ObjectError
		if got != nil || note != "" || !errors.As(err, &bad) {
			t.Errorf("%s: %v, %q, %v", sentence, got, note, err)
			continue
		}
		fmt.Fprintf(&messages, "%s\n\t%s\n", sentence, err)
	}
	golden(t, "refused-rewrites.txt", messages.String())
}

// FuzzRewriteChartRef checks on arbitrary records and specs that nothing panics, that the object is left alone, that only
// chart, chartRef and the record change, and that the outcome is stable.
func FuzzRewriteChartRef(f *testing.F) {
	f.Add(`{"kind":"OCIRepository","name":"a"}`, `{"chartRef":{"kind":"OCIRepository","name":"a"},"chart":{"spec":{"sourceRef":{"kind":"OCIRepository","name":"b"}}}}`, `[]`)
	f.Add(`{}`, `{"chart":null,"chartRef":{}}`, `[{"operation":"Apply","fieldsV1":{"f:spec":{"f:chartRef":{}}}}]`)
	f.Add(`null`, `{"chart":{"metadata":[],"spec":{"sourceRef":{"kind":"OCIRepository","name":"b"}}}}`, `null`)
	f.Fuzz(func(t *testing.T, record, spec, managedFields string) {
		var specValue, managedValue any
		if json.Unmarshal([]byte(spec), &specValue) != nil || json.Unmarshal([]byte(managedFields), &managedValue) != nil {
			return
		}
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "spec": specValue,
			"metadata": map[string]any{
				"namespace": "prod", "annotations": map[string]any{ChartRefAnnotation: record}, "managedFields": managedValue,
			},
		}}
		before := obj.DeepCopy()
		got, _, err := RewriteChartRef(obj)
		if diff := cmp.Diff(before, obj); diff != "" {
			t.Fatalf("the object was changed:\n%s", diff)
		}
		if err != nil {
			return
		}
		if again, _, err := RewriteChartRef(got); again != got || err != nil {
			t.Errorf("not stable: %v", err)
		}
		if diff := cmp.Diff(withoutChart(before), withoutChart(got)); diff != "" {
			t.Errorf("more than chart, chartRef and the record changed:\n%s", diff)
		}
	})
}

func withoutChart(obj *unstructured.Unstructured) *unstructured.Unstructured {
	rest := obj.DeepCopy()
	unstructured.RemoveNestedField(rest.Object, "spec", "chart")
	unstructured.RemoveNestedField(rest.Object, "spec", "chartRef")
	unstructured.RemoveNestedField(rest.Object, "metadata", "annotations")
	return rest
}
