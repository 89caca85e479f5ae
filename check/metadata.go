package check

import (
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "sigs.k8s.io/json"
)

// checkMetadata refuses metadata that an API server would not take. Read leniently, labels of a wrong type would be no
// labels, and no policy would match by them.
func checkMetadata(u *unstructured.Unstructured) error {
	metadata, ok := u.Object["metadata"].(map[string]any)
	if !ok {
		return errors.New("metadata: is missing or not a mapping")
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	var typed metav1.ObjectMeta
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &typed); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if typed.Name == "" && typed.GenerateName == "" {
		return errors.New("metadata.name: is missing")
	}
	return nil
}

// wipeSystemFields takes out what only the API server sets, as it does itself before admission of a new object
// (k8s.io/apiserver, rest.WipeObjectMetaSystemFields): a manifest cannot say that it is being deleted.
func wipeSystemFields(u *unstructured.Unstructured) {
	for _, field := range []string{"creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"} {
		unstructured.RemoveNestedField(u.Object, "metadata", field)
	}
}
