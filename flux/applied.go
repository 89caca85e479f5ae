package flux

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// AppliedBy reports whether somebody owns the field at path by server-side apply: a managedFields entry whose operation is
// Apply lists it. What a webhook adds has no owner, and is left in place by later applies that do not name it. An entry
// that cannot be read owns nothing. The path is one of map keys; an empty one is owned by nobody.
//
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
func AppliedBy(obj *unstructured.Unstructured, path ...string) bool {
	metadata, _ := obj.Object["metadata"].(map[string]any)
	entries, _ := metadata["managedFields"].([]any)
	for _, entry := range entries {
		manager, _ := entry.(map[string]any)
		if manager["operation"] == string(metav1.ManagedFieldsOperationApply) && owns(manager["fieldsV1"], path) {
			return true
		}
	}
	return false
}

// owns looks a field up in a FieldsV1: nested objects whose keys are field names after "f:".
func owns(set any, path []string) bool {
	if len(path) == 0 {
		return false
	}
	for _, name := range path {
		members, _ := set.(map[string]any)
		var found bool
		if set, found = members["f:"+name]; !found {
			return false
		}
	}
	return true
}
