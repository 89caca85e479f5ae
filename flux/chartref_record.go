package flux

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ChartRefAnnotation records, as JSON, the spec.chartRef that RewriteChartRef wrote.
const ChartRefAnnotation = "fluxgate.dev/chart-ref"

// maxRecordLength is far above what a kind and the longest names of objects take.
const maxRecordLength = 1024

// chartRecord is a chartRef as RewriteChartRef writes it. It holds nothing that changes by itself, so that the same object
// always gets the same annotation.
type chartRecord struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// fields returns the record as the value of spec.chartRef.
func (r chartRecord) fields() map[string]any {
	ref := map[string]any{"kind": r.Kind, "name": r.Name}
	if r.Namespace != "" {
		ref["namespace"] = r.Namespace
	}
	return ref
}

// equals reports whether a chartRef says what the record says, and no more.
func (r chartRecord) equals(ref fields) bool {
	want := r.fields()
	if r.Name == "" || len(want) != len(ref.values) {
		return false
	}
	for key, value := range want {
		if ref.values[key] != value {
			return false
		}
	}
	return true
}

// String shows the record as YAML that can be copied.
func (r chartRecord) String() string {
	if r.Namespace == "" {
		return fmt.Sprintf("{kind: %s, name: %s}", r.Kind, Plain(r.Name))
	}
	return fmt.Sprintf("{kind: %s, name: %s, namespace: %s}", r.Kind, Plain(r.Name), Plain(r.Namespace))
}

// readRecord returns the record, and whether there is an annotation at all: one that cannot be read claims nothing.
func readRecord(obj *unstructured.Unstructured) (record chartRecord, found bool) {
	value, found, _ := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "annotations", ChartRefAnnotation)
	text, _ := value.(string)
	if len(text) > maxRecordLength || json.Unmarshal([]byte(text), &record) != nil {
		return chartRecord{}, found
	}
	return record, found
}

func writeRecord(obj *unstructured.Unstructured, record chartRecord) error {
	text, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("record of spec.chartRef: %w", err)
	}
	annotations, _, _ := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "annotations")
	if annotations == nil { // null is as good as absent, but not to SetNestedField
		unstructured.RemoveNestedField(obj.Object, "metadata", "annotations")
	}
	if err := unstructured.SetNestedField(obj.Object, string(text), "metadata", "annotations", ChartRefAnnotation); err != nil {
		return &ObjectError{Path: "metadata.annotations", Message: "must be an object"}
	}
	return nil
}

// dropRecord takes the record out, and annotations that are empty without it.
func dropRecord(obj *unstructured.Unstructured) {
	annotations, _, _ := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "annotations")
	entries, _ := annotations.(map[string]any)
	delete(entries, ChartRefAnnotation)
	if len(entries) == 0 {
		unstructured.RemoveNestedField(obj.Object, "metadata", "annotations")
	}
}
