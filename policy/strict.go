package policy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// strict compares a decoded JSON value with the Go type that it is to become, and reports every unknown field and every
// wrong type. It returns the value without what it reported, so that the rest can still be decoded and judged.
type strict struct {
	*problems
	// refused has sentences for fields that the type has and nobody may write, by path.
	refused map[string]string
}

func (s strict) value(path string, value any, t reflect.Type) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil {
		return nil
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return s.custom(path, value, t)
	}
	switch v := value.(type) {
	case map[string]any:
		switch t.Kind() {
		case reflect.Struct:
			return s.object(path, v, t)
		case reflect.Map:
			for name := range v {
				v[name] = s.value(path+"."+name, v[name], t.Elem())
			}
			return v
		}
	case []any:
		if t.Kind() == reflect.Slice {
			for i := range v {
				v[i] = s.value(fmt.Sprintf("%s[%d]", path, i), v[i], t.Elem())
			}
			return v
		}
	case string:
		if t.Kind() == reflect.String {
			return v
		}
	case bool:
		if t.Kind() == reflect.Bool {
			return v
		}
	case float64:
		if t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 {
			return v
		}
	}
	s.add(path, "must be %s, is %s", article(wanted(t)), article(typeOf(value)))
	return nil
}

// object checks the fields of a struct.
func (s strict) object(path string, object map[string]any, t reflect.Type) map[string]any {
	fields := jsonFields(t)
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for name, value := range object {
		at := strings.TrimPrefix(path+"."+name, ".")
		field, known := fields[name]
		switch {
		case s.refused[at] != "":
			s.add(at, "%s", s.refused[at])
		case known:
			object[name] = s.value(at, value, field)
			continue
		default:
			s.add(at, "unknown field%s", nearest(name, names))
		}
		delete(object, name)
	}
	return object
}

// custom asks a type that reads its own JSON.
func (s strict) custom(path string, value any, t reflect.Type) any {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err != nil {
		s.add(path, "is no %s: %v", strings.ToLower(t.Name()), err)
		return nil
	}
	return value
}

// jsonFields gives the types of a struct's fields by their names in JSON, those of inlined structs included.
func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case strings.Contains(options, "inline"):
			for name, inner := range jsonFields(field.Type) {
				fields[name] = inner
			}
		case name != "" && name != "-":
			fields[name] = field.Type
		}
	}
	return fields
}

// wanted names a Go type as JSON does.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	default:
		return "number"
	}
}

// typeOf names the JSON type of a decoded value.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case bool:
		return "boolean"
	case string:
		return "string"
	default:
		return "number"
	}
}
