package flux

import (
	"encoding/json"
	"fmt"
)

// maxText is far above what any field that is read here can mean, in bytes; it bounds the work and the messages about it.
const maxText = 16 << 10

// fault keeps the first thing that is wrong with an object, so that its readers need not stop at every field.
type fault struct{ first *ObjectError }

func (f *fault) set(path, message string) {
	if f.first == nil {
		f.first = &ObjectError{Path: path, Message: message}
	}
}

func (f *fault) err() error {
	if f.first == nil {
		return nil
	}
	return f.first
}

// fields reads one JSON object strictly: a value of another type than asked for is a fault, null is as good as absent, and
// what is absent or at fault reads as zero.
type fields struct {
	values map[string]any
	path   string
	fault  *fault
}

func rootOf(object map[string]any, f *fault) fields { return fields{values: object, fault: f} }

// at returns the JSON path of a field.
func (f fields) at(key string) string {
	if f.path == "" {
		return key
	}
	return f.path + "." + key
}

func (f fields) mismatch(key, want string, value any) {
	f.fault.set(f.at(key), "must be "+want+", is "+describe(value))
}

func (f fields) text(key string) string {
	value := f.values[key]
	text, ok := value.(string)
	switch {
	case !ok && value != nil:
		f.mismatch(key, "a string", value)
	case len(text) > maxText:
		f.fault.set(f.at(key), fmt.Sprintf("has more than %d characters", maxText))
	}
	return text
}

// texts checks an object whose values are texts, such as labels.
func (f fields) texts(key string) {
	nested, _ := f.object(key)
	for _, value := range nested.values {
		if _, ok := value.(string); !ok && value != nil {
			f.fault.set(f.at(key), "must hold strings only")
			return
		}
	}
}

// required is text that may not be empty.
func (f fields) required(key string) string {
	text := f.text(key)
	if text == "" {
		f.fault.set(f.at(key), "is required")
	}
	return text
}

func (f fields) flag(key string) bool {
	value := f.values[key]
	flag, ok := value.(bool)
	if !ok && value != nil {
		f.mismatch(key, "a boolean", value)
	}
	return flag
}

// object returns a nested object, and whether there is one.
func (f fields) object(key string) (fields, bool) {
	value := f.values[key]
	if value == nil {
		return fields{fault: f.fault}, false
	}
	values, ok := value.(map[string]any)
	if !ok {
		f.mismatch(key, "an object", value)
		return fields{fault: f.fault}, false
	}
	return fields{values: values, path: f.at(key), fault: f.fault}, true
}

// requiredObject is an object that may not be absent.
func (f fields) requiredObject(key string) fields {
	nested, found := f.object(key)
	if !found {
		f.fault.set(f.at(key), "is required")
	}
	return nested
}

// objects returns the entries of a list of objects.
func (f fields) objects(key string) []fields {
	value := f.values[key]
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		f.mismatch(key, "a list", value)
		return nil
	}
	entries := make([]fields, 0, len(list))
	for i, entry := range list {
		key := fmt.Sprintf("%s[%d]", key, i)
		values, ok := entry.(map[string]any)
		if !ok {
			f.mismatch(key, "an object", entry)
			return nil
		}
		entries = append(entries, fields{values: values, path: f.at(key), fault: f.fault})
	}
	return entries
}

// secret returns the name in a reference to a Secret (fluxcd/pkg/apis/meta, LocalObjectReference).
func (f fields) secret(key string) string {
	ref, found := f.object(key)
	if !found {
		return ""
	}
	if ref.values["name"] == nil {
		ref.fault.set(ref.at("name"), "is required")
	}
	return ref.text("name")
}

func describe(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64, float64, int, json.Number:
		return "a number"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	default:
		return fmt.Sprintf("a Go value of type %T", value)
	}
}
