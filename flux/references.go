package flux

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
)

// References returns the sources that an object depends on, each once: those that its fields name, whether they exist or
// not, and of a HelmRelease the object too that helm-controller makes of its chart, since others may write to that one. It
// looks at no other object.
//
// It is lenient: what cannot be read refers to nothing, and neither does a name that no object can have. To refuse such an
// object is for Sources, and the strictness of a moment must not make the index of a cluster forget what Flux reads.
func References(obj *unstructured.Unstructured) []Key {
	if !Known(obj.GroupVersionKind()) {
		return nil
	}
	var ignored fault
	var keys []Key
	for _, d := range declareFields(obj, "", &ignored) {
		for _, key := range []Key{d.refers, d.made} {
			if key.possible() && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// Namespaces returns the namespaces that an object is judged for by itself: its own, and its targetNamespace where that is
// another one.
func Namespaces(obj *unstructured.Unstructured) []string {
	own := obj.GetNamespace()
	if target := TargetNamespace(obj); target != "" && target != own {
		return []string{own, target}
	}
	return []string{own}
}

// KeyOf returns the key of an object.
func KeyOf(obj *unstructured.Unstructured) Key {
	gk := obj.GroupVersionKind().GroupKind()
	key := Key{Group: gk.Group, Kind: gk.Kind}
	key.Namespace, key.Name = obj.GetNamespace(), obj.GetName()
	return key
}

// possible reports whether there can be an object of that name. It bounds what is remembered of a reference.
func (k Key) possible() bool {
	return k.Name != "" && len(k.Name) <= maxNameLength && k.Namespace != "" && len(k.Namespace) <= validation.DNS1123LabelMaxLength
}
