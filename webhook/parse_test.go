package webhook

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

func TestParseKeepsWhatIsReviewed(t *testing.T) {
	text := `{"apiVersion":"v1","kind":"K","metadata":{"name":"a","namespace":"b","uid":"u","labels":{"x":"y"},"annotations":null,
		"managedFields":[{"operation":"Update","fieldsV1":{"f:spec":{}}},{"operation":"Apply","manager":"m","fieldsV1":{"f:spec":{"f:url":{},"f:ref":{"f:tag":{}}}}}]},
		"spec":{"number":9007199254740993,"list":[1,"two",null]},"status":{"ready":true}}`
	want := map[string]any{
		"apiVersion": "v1", "kind": "K",
		"metadata": map[string]any{
			"name": "a", "namespace": "b", "labels": map[string]any{"x": "y"},
			"managedFields": []any{map[string]any{"operation": "Apply",
				"fieldsV1": map[string]any{"f:spec": map[string]any{"f:ref": map[string]any{"f:tag": map[string]any{}}}}}},
		},
		"spec": map[string]any{"number": int64(9007199254740993), "list": []any{int64(1), "two", nil}},
	}
	got, err := (&reader{}).parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

// FuzzParse compares with a full decoder: what is reviewed must be what the API server stores.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"v1","kind":"K","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"a":1.5}}`), []byte(`{"spec":{"a":1.5}}`))
	f.Add([]byte(`{"sp\u0065c":1,"spec":{"a":"\ud800"}}`), []byte(`{"spec":null}`))
	f.Add([]byte(`{"metadata":{"name":"\xff","name":"b"}}`), []byte(`{"metadata":5}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		read := &reader{} // one for both, as in an update
		for _, text := range [][]byte{first, second} {
			var full map[string]any
			if !json.Valid(text) || utiljson.Unmarshal(text, &full) != nil {
				continue // it could not have stood in an AdmissionReview
			}
			got, err := read.parse(text)
			if err != nil {
				continue // refused
			}
			compare(t, text, full, got.Object, "apiVersion", "kind", "spec")
			meta, _ := full["metadata"].(map[string]any)
			mine, _ := got.Object["metadata"].(map[string]any)
			compare(t, text, meta, mine, "name", "namespace", "labels", "annotations", "deletionTimestamp")
		}
	})
}

func compare(t *testing.T, text []byte, want, got map[string]any, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if diff := cmp.Diff(want[key], got[key], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s of %q (-want +got):\n%s", key, text, diff)
		}
	}
}
