package webhook

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/json"

	"github.com/fluxgate/fluxgate/flux"
)

// Limits on what is built: a tenant may send 3 MB of "[],[],…", of which each takes 40 times its length in memory.
const (
	// maxSpec is the longest spec, in bytes of text, that is built whole; maxField the longest field of a longer one.
	maxSpec, maxField = 64 << 10, 16 << 10
	// maxLabels is the longest labels or annotations. The API server stores 256 KiB of annotations.
	maxLabels = 1 << 20
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
		case "apiVersion", "kind":
			err = r.put(obj, key.String(), value)
		case "spec":
			err = r.spec(obj, value)
		case "metadata":
			obj["metadata"], err = r.metadata(value)
		}
		return err == nil
	})
	return &unstructured.Unstructured{Object: obj}, err
}

// spec builds a spec. Of a large one, each field that is large itself stays text: the values of a HelmRelease, or what was
// made to fill the memory. Text can still be compared, and is no object to whoever looks into it.
func (r *reader) spec(obj map[string]any, from gjson.Result) error {
	if len(from.Raw) <= maxSpec || !from.IsObject() {
		return r.put(obj, "spec", from)
	}
	spec := map[string]any{}
	obj["spec"] = spec
	var err error
	from.ForEach(func(key, value gjson.Result) bool {
		if len(value.Raw) > maxField && value.Type == gjson.JSON {
			spec[key.String()] = value.Raw
			return true
		}
		err = r.put(spec, key.String(), value)
		return err == nil
	})
	return err
}

func (r *reader) metadata(from gjson.Result) (map[string]any, error) {
	if !from.IsObject() {
		return nil, errors.New("metadata is no object")
	}
	meta := make(map[string]any, 6)
	var err error
	from.ForEach(func(key, value gjson.Result) bool {
		switch name := key.String(); name {
		case "labels", "annotations":
			if len(value.Raw) > maxLabels {
				err = &flux.ObjectError{Path: "metadata." + name, Message: fmt.Sprintf("takes more than %d bytes", maxLabels)}
				return false
			}
			err = r.put(meta, name, value)
		case "name", "generateName", "namespace", "deletionTimestamp":
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

// appliers keeps the entries of the managers that apply, and of those the fields that Fluxgate writes itself: only of them
// it is asked who owns them (flux.AppliedBy).
func (r *reader) appliers(from gjson.Result) (kept []any, err error) {
	from.ForEach(func(_, entry gjson.Result) bool {
		if entry.Get("operation").String() != "Apply" {
			return true
		}
		spec := map[string]any{}
		entry.Get("fieldsV1.f:spec").ForEach(func(key, value gjson.Result) bool {
			switch name := key.String(); name {
			case "f:ref", "f:chart", "f:chartRef":
				err = r.put(spec, name, value)
			}
			return err == nil
		})
		kept = append(kept, map[string]any{"operation": "Apply", "fieldsV1": map[string]any{"f:spec": spec}})
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
