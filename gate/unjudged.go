package gate

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

// Why an object passes unjudged.
const (
	skipDeleting   = "deleting"
	skipUnchanged  = "unchanged"
	skipSuspending = "suspending"
	skipNoPolicy   = "no policy matches"
)

// reconcileAnnotations is the prefix of the annotations by which `flux reconcile` asks for a reconciliation. They change
// nothing of what is pulled.
const reconcileAnnotations = "reconcile.fluxcd.io/"

// unjudged returns why the request passes without judgement, or "". An object that is being deleted, or that this request
// does not change, must pass whatever the policies say: a denial would only keep its finalizers and its owners from their
// work. Suspending stops Flux from pulling, so it is never wrong.
func unjudged(req Request) string {
	if req.Operation != Update || req.Old == nil {
		return "" // a new object is neither; what it says of itself counts for nothing
	}
	if metadata(req.Old, "deletionTimestamp") != nil {
		return skipDeleting
	}
	if !sameMetadata(req.Object, req.Old) {
		return ""
	}
	is, was := req.Object.Object["spec"], req.Old.Object["spec"]
	if reflect.DeepEqual(is, was) {
		return skipUnchanged
	}
	if flux.Suspended(req.Object) && reflect.DeepEqual(without(is, "suspend"), without(was, "suspend")) {
		return skipSuspending
	}
	return ""
}

// sameMetadata compares what policies and Flux read of the metadata: labels and annotations.
func sameMetadata(a, b *unstructured.Unstructured) bool {
	return reflect.DeepEqual(metadata(a, "labels"), metadata(b, "labels")) &&
		reflect.DeepEqual(lasting(metadata(a, "annotations")), lasting(metadata(b, "annotations")))
}

func metadata(obj *unstructured.Unstructured, field string) any {
	m, _ := obj.Object["metadata"].(map[string]any)
	return m[field]
}

// lasting returns the annotations without those that only ask for a reconciliation.
func lasting(annotations any) any {
	all, isMap := annotations.(map[string]any)
	if !isMap {
		return annotations
	}
	var rest map[string]any
	for key, value := range all {
		if !strings.HasPrefix(key, reconcileAnnotations) {
			if rest == nil {
				rest = make(map[string]any, len(all))
			}
			rest[key] = value
		}
	}
	if rest == nil {
		return nil
	}
	return rest
}

// without returns a map without one key, and anything else as it is.
func without(v any, key string) any {
	m, isMap := v.(map[string]any)
	if !isMap {
		return v
	}
	rest := make(map[string]any, len(m))
	for k, value := range m {
		if k != key {
			rest[k] = value
		}
	}
	return rest
}
