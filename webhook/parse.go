package webhook

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/json"
)

// reader builds the part of an object that is reviewed, in the types of unstructured.Unstructured. The rest of what the
// API server sends, the status and what Update managers own, is more than half of a typical object: it is passed over.
//
// An update has the object twice, mostly with equal parts. What is equal to the letter is built once and stands in both,
// so nobody may change a part in place; the gate copies what it changes.
type reader struct {
	built map[string]part
}

// part is a value with the text that it was built from.
type part struct {
	text  string
	value any
}

// parse reads an object. The text is JSON already, since it stood in an AdmissionReview; it need not be an object.
func (r *reader) parse(text []byte) (*unstructured.Unstructured, error) {
	root := gjson.ParseBytes(text)
	if !root.IsObject() {
		return nil, errors.New("it is no JSON object")
	}
	obj := make(map[string]any, 4)
	var err error
	root.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "apiVersion", "kind", "spec":
			err = r.put(obj, key.String(), value)
		case "metadata":
			obj["metadata"], err = r.metadata(value)
		}
		return err == nil
	})
	return &unstructured.Unstructured{Object: obj}, err
}

func (r *reader) metadata(from gjson.Result) (map[string]any, error) {
	if !from.IsObject() {
		return nil, errors.New("metadata is no object")
	}
	meta := make(map[string]any, 6)
	var err error
	from.ForEach(func(key, value gjson.Result) bool {
		switch name := key.String(); name {
		case "name", "generateName", "namespace", "labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp":
			err = r.put(meta, name, value)
		case "managedFields":
			var owners []any
			if owners, err = r.appliers(value); len(owners) > 0 {
				meta[name] = owners
			}
		}
		return err == nil
	})
	return meta, err
}

// appliers keeps the entries of the managers that apply: only what they own is asked about.
func (r *reader) appliers(from gjson.Result) (kept []any, err error) {
	from.ForEach(func(_, entry gjson.Result) bool {
		if entry.Get("operation").String() != "Apply" {
			return true
		}
		owner := map[string]any{"operation": "Apply"}
		err = r.put(owner, "fieldsV1", entry.Get("fieldsV1"))
		kept = append(kept, owner)
		return err == nil
	})
	return kept, err
}

// put builds a value, or takes the one that was built of the same text under the same key before. Null counts as absent.
func (r *reader) put(into map[string]any, key string, from gjson.Result) error {
	switch {
	case from.Type == gjson.Null:
		return nil
	case from.Type == gjson.String && !strings.Contains(from.Raw, `\`) && utf8.ValidString(from.Raw):
		into[key] = from.Str // what needs no decoding
		return nil
	}
	if known, found := r.built[key]; found && known.text == from.Raw {
		into[key] = known.value
		return nil
	}
	var value any
	if err := json.UnmarshalCaseSensitivePreserveInts([]byte(from.Raw), &value); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if r.built == nil {
		r.built = make(map[string]part, 6)
	}
	r.built[key] = part{from.Raw, value}
	into[key] = value
	return nil
}
