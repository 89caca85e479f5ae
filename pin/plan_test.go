package pin_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/pin"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	url     = "oci://ghcr.io/acme/app"
)

// object is an OCIRepository with what a test is about.
type object struct {
	url, tag, semver, digest string
	record                   string // the annotation, verbatim
	repin                    string
	applied                  bool // an Apply manager owns the digest
}

func (o object) build(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	ref := map[string]any{}
	for key, value := range map[string]string{"tag": o.tag, "semver": o.semver, "digest": o.digest} {
		if value != "" {
			ref[key] = value
		}
	}
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1",
		"kind":       "OCIRepository",
		"metadata":   map[string]any{"name": "app", "namespace": "prod"},
		"spec":       map[string]any{"url": o.url, "ref": ref},
	}}
	annotations := map[string]string{}
	if o.record != "" {
		annotations[pin.Annotation] = o.record
	}
	if o.repin != "" {
		annotations[pin.RepinAnnotation] = o.repin
	}
	if len(annotations) > 0 {
		obj.SetAnnotations(annotations)
	}
	if o.applied {
		obj.SetManagedFields([]metav1.ManagedFieldsEntry{{
			Manager: "kustomize-controller", Operation: metav1.ManagedFieldsOperationApply,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:ref":{"f:digest":{}}}}`),
		}})
	}
	return obj
}

func recordOf(t *testing.T, digest string, inputs pin.Inputs) string {
	t.Helper()
	text, err := json.Marshal(pin.Record{Digest: digest, Inputs: inputs})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func change(t *testing.T, was *object, is object) pin.Change {
	t.Helper()
	c := pin.Change{New: is.build(t)}
	c.Source = source(t, c.New)
	if was != nil {
		c.Old = was.build(t)
		s := source(t, c.Old)
		c.OldSource = &s
	}
	return c
}

func source(t *testing.T, obj *unstructured.Unstructured) flux.Source {
	t.Helper()
	sources, err := flux.Sources(context.Background(), obj, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sources[0]
}

func TestDecide(t *testing.T) {
	v1, v2 := pin.Inputs{URL: url, Tag: "v1"}, pin.Inputs{URL: url, Tag: "v2"}
	pinned := object{url: url, tag: "v1", digest: digestA, record: recordOf(t, digestA, v1)}
	latest := object{url: url, digest: digestA, record: recordOf(t, digestA, pin.Inputs{URL: url})}
	unpinned := object{url: url, tag: "v1"}
	pinning := pin.Wish{Pin: true}
	with := func(o object, edit func(*object)) object { edit(&o); return o }

	tests := map[string]struct {
		was  *object
		is   object
		wish pin.Wish
		want pin.Plan
	}{
		"a new tag is resolved":                  {is: unpinned, wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a new object without a ref is resolved": {is: object{url: url}, wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a new tag is left where no policy pins": {is: unpinned, want: pin.Plan{Step: pin.Leave}},
		"a new object with the user's digest is left": {
			is: object{url: url, tag: "v1", digest: digestA}, wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"a restored backup keeps its digest": {is: pinned, wish: pinning, want: pin.Plan{Step: pin.Keep}},
		"a copied object with a record of another tag is resolved": {
			is:   object{url: url, tag: "v1", digest: digestA, record: recordOf(t, digestA, v2)},
			wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a record of another digest makes the digest no less the user's": {
			is:   object{url: url, tag: "v1", digest: digestA, record: recordOf(t, digestB, v1)},
			wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"a digest that somebody applies is his, whatever the record says": {
			is: with(pinned, func(o *object) { o.applied = true }), wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"a record that is no JSON claims nothing": {
			is:   object{url: url, tag: "v1", digest: digestA, record: "{"},
			wish: pinning, want: pin.Plan{Step: pin.Leave}},

		"an unchanged pin is kept": {was: &pinned, is: pinned, wish: pinning, want: pin.Plan{Step: pin.Keep}},
		"an unchanged pin is kept where no policy pins any more": {
			was: &pinned, is: pinned, want: pin.Plan{Step: pin.Keep}},
		"another tag beside our digest is resolved": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag = "v2" }), wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"another url beside our digest is resolved": {
			was: &pinned, is: with(pinned, func(o *object) { o.url += "2" }), wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a semver range instead of the tag takes our digest out where no policy pins it": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.semver = "", ">=1" }), want: pin.Plan{Step: pin.Strip}},
		"a dropped ref is resolved as latest": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.digest = "", "" }), wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a manifest that replaces the object without the digest gets the same one": {
			was: &pinned, is: unpinned, wish: pinning, want: pin.Plan{Step: pin.Restore, Digest: digestA}},
		"the user's digest, taken out, is resolved": {
			was: &object{url: url, tag: "v1", digest: digestB}, is: unpinned, wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a stale digest of ours is never restored": {
			was: &object{url: url, tag: "v1", digest: digestA, record: recordOf(t, digestA, v2)}, is: unpinned,
			wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a digest resolved in this very request gives way to the stored one when another webhook puts the url back": {
			was: &pinned, is: object{url: url, tag: "v1", digest: digestB, record: recordOf(t, digestB, pin.Inputs{URL: url + "2", Tag: "v1"})},
			wish: pinning, want: pin.Plan{Step: pin.Restore, Digest: digestA}},
		"a digest resolved in this very request is resolved again where the stored one is the user's": {
			was:  &object{url: url, tag: "v1", digest: digestA},
			is:   object{url: url, tag: "v1", digest: digestB, record: recordOf(t, digestB, v2)},
			wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a digest of ours keeps its record though somebody applies another one": {
			was: &pinned, is: with(pinned, func(o *object) { o.record = recordOf(t, digestB, v1) }), wish: pinning,
			want: pin.Plan{Step: pin.Restore, Digest: digestA}},
		"a digest of ours beside another one's record is resolved when the tag changes": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.record = "v2", recordOf(t, digestB, v2) }), wish: pinning,
			want: pin.Plan{Step: pin.Resolve}},
		"a digest of ours beside another one's record is taken out when the tag changes and no policy pins": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.record = "v2", recordOf(t, digestB, v2) }),
			want: pin.Plan{Step: pin.Strip}},
		"a digest of ours keeps its record though it was taken out": {
			was: &pinned, is: with(pinned, func(o *object) { o.record = "" }), wish: pinning,
			want: pin.Plan{Step: pin.Restore, Digest: digestA}},
		"a digest of ours whose record went with all annotations is resolved when the tag changes": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.record = "v2", "" }), wish: pinning,
			want: pin.Plan{Step: pin.Resolve}},
		"a digest of ours whose record went is taken out when the tag changes and no policy pins": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.record = "v2", "" }),
			want: pin.Plan{Step: pin.Strip}},
		"a digest of latest of ours whose record went with all annotations is resolved when the url changes": {
			was: &latest, is: with(latest, func(o *object) { o.url, o.record = url+"2", "" }), wish: pinning,
			want: pin.Plan{Step: pin.Resolve}},
		"a digest that is all that was left is the user's": {
			was: &pinned, is: with(pinned, func(o *object) { o.tag, o.record = "", "" }), wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"a digest that somebody applies without a record is his": {
			was: &pinned, is: with(pinned, func(o *object) { o.applied, o.record = true, "" }), wish: pinning,
			want: pin.Plan{Step: pin.Leave}},
		"a digest that somebody applies beside another one's record is his": {
			was: &pinned, is: with(pinned, func(o *object) { o.applied, o.record = true, recordOf(t, digestB, v1) }), wish: pinning,
			want: pin.Plan{Step: pin.Leave}},
		"an object that was unpinned stays so": {
			was: &unpinned, is: unpinned, wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"an object that was unpinned is resolved where the policy pins what exists": {
			was: &unpinned, is: unpinned, wish: pin.Wish{Pin: true, Existing: true}, want: pin.Plan{Step: pin.Resolve}},
		"an object that was unpinned is resolved when its tag changes": {
			was: &unpinned, is: with(unpinned, func(o *object) { o.tag = "v2" }), wish: pinning, want: pin.Plan{Step: pin.Resolve}},
		"a changed repin annotation resolves our digest again": {
			was: &pinned, is: with(pinned, func(o *object) { o.repin = "1" }), wish: pinning,
			want: pin.Plan{Step: pin.Resolve, Fresh: true}},
		"a changed repin annotation leaves the user's digest alone": {
			was: &object{url: url, tag: "v1", digest: digestB}, is: object{url: url, tag: "v1", digest: digestB, repin: "1"},
			wish: pinning, want: pin.Plan{Step: pin.Leave}},
		"a changed repin annotation keeps our digest where no policy pins": {
			was: &pinned, is: with(pinned, func(o *object) { o.repin = "1" }), want: pin.Plan{Step: pin.Keep}},
		"an unchanged repin annotation resolves nothing": {
			was: ptr(with(pinned, func(o *object) { o.repin = "1" })), is: with(pinned, func(o *object) { o.repin = "1" }),
			wish: pinning, want: pin.Plan{Step: pin.Keep}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(test.want, pin.Decide(change(t, test.was, test.is), test.wish)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }
