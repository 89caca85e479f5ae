package pin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/pin"
)

func TestWriteThenEraseGivesTheObjectBack(t *testing.T) {
	tests := map[string]object{
		"an object with a tag":       {url: url, tag: "v1"},
		"an object with annotations": {url: url, semver: ">=1", repin: "1"},
	}
	for sentence, o := range tests {
		t.Run(sentence, func(t *testing.T) {
			obj := o.build(t)
			if err := pin.Write(obj, source(t, obj), digestA); err != nil {
				t.Fatal(err)
			}
			written := source(t, obj)
			if written.Ref.Digest != digestA || !pin.Owned(obj, written) || (pin.Change{New: obj, Source: written}).Stale() {
				t.Errorf("after Write: digest %q, owned %v, stale %v", written.Ref.Digest, pin.Owned(obj, written), pin.Change{New: obj, Source: written}.Stale())
			}
			pin.Erase(obj, written)
			if diff := cmp.Diff(o.build(t).Object, obj.Object); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteIntoAnObjectWithoutARef(t *testing.T) {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1",
		"kind":       "OCIRepository",
		"metadata":   map[string]any{"name": "app", "namespace": "prod", "annotations": nil},
		"spec":       map[string]any{"url": url, "ref": nil},
	}}
	if err := pin.Write(obj, source(t, obj), digestA); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1",
		"kind":       "OCIRepository",
		"metadata": map[string]any{"name": "app", "namespace": "prod", "annotations": map[string]any{
			pin.Annotation: `{"digest":"` + digestA + `","url":"` + url + `"}`,
		}},
		"spec": map[string]any{"url": url, "ref": map[string]any{"digest": digestA}},
	}
	if diff := cmp.Diff(want, obj.Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestTheRecordIsForPeople(t *testing.T) {
	obj := object{url: url, semver: ">=1.0.0 <2.0.0"}.build(t)
	if err := pin.Write(obj, source(t, obj), digestA); err != nil {
		t.Fatal(err)
	}
	want := `{"digest":"` + digestA + `","url":"` + url + `","semver":">=1.0.0 <2.0.0"}`
	if diff := cmp.Diff(want, obj.GetAnnotations()[pin.Annotation]); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestChanged(t *testing.T) {
	pinned := object{url: url, tag: "v1", digest: digestA}
	other := object{url: url, tag: "v1", digest: digestB}
	tests := map[string]struct {
		was  *object
		is   object
		want bool
	}{
		"everything is new in a new object":       {is: pinned, want: true},
		"nothing is new in an unchanged object":   {was: &pinned, is: pinned, want: false},
		"another digest is new":                   {was: &pinned, is: other, want: true},
		"another tag beside a digest is new":      {was: &pinned, is: object{url: url, tag: "v2", digest: digestA}, want: true},
		"a record alone does not make it new":     {was: &pinned, is: object{url: url, tag: "v1", digest: digestA, record: "{}"}, want: false},
		"a digest that was taken out is a change": {was: &pinned, is: object{url: url, tag: "v1"}, want: true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if got := change(t, test.was, test.is).Changed(); got != test.want {
				t.Errorf("Changed() = %v, want %v", got, test.want)
			}
		})
	}
}
