package pin

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
)

// Write puts the digest and its record into obj.
func Write(obj *unstructured.Unstructured, s flux.Source, digest string) error {
	record, err := Record{Digest: digest, Inputs: InputsOf(s)}.text()
	if err != nil {
		return fmt.Errorf("pin record of %s: %w", s.Path, err)
	}
	if err := set(obj, digest, digestField(s)...); err != nil {
		return err
	}
	return set(obj, record, "metadata", "annotations", Annotation)
}

// set writes a field, where a null parent counts as an absent one.
func set(obj *unstructured.Unstructured, value string, field ...string) error {
	parent := field[:len(field)-1]
	if v, found, err := unstructured.NestedFieldNoCopy(obj.Object, parent...); found && err == nil && v == nil {
		unstructured.RemoveNestedField(obj.Object, parent...)
	}
	if err := unstructured.SetNestedField(obj.Object, value, field...); err != nil {
		return &flux.ObjectError{Path: strings.Join(parent, "."), Message: "must be an object"}
	}
	return nil
}

// text is the record as people read it: JSON whose ranges look like ">=1.0.0".
func (r Record) text() (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// Erase takes the source's digest and its record out of obj. A ref or an annotations map that is empty without them goes
// too, so that the object is as its author wrote it.
func Erase(obj *unstructured.Unstructured, s flux.Source) {
	remove(obj, digestField(s)...)
	Release(obj)
}

// Release takes the record out of obj: what digest there is belongs to the user.
func Release(obj *unstructured.Unstructured) {
	remove(obj, "metadata", "annotations", Annotation)
}

// Recorded reports whether obj bears the annotation, be it readable or not.
func Recorded(obj *unstructured.Unstructured) bool {
	_, found, err := unstructured.NestedFieldNoCopy(obj.Object, "metadata", "annotations", Annotation)
	return found && err == nil
}

func remove(obj *unstructured.Unstructured, field ...string) {
	unstructured.RemoveNestedField(obj.Object, field...)
	parent := field[:len(field)-1]
	rest, found, err := unstructured.NestedFieldNoCopy(obj.Object, parent...)
	if entries, isMap := rest.(map[string]any); found && err == nil && isMap && len(entries) == 0 {
		unstructured.RemoveNestedField(obj.Object, parent...)
	}
}
