package rulesdoc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// parameter is a line of a table of parameters.
type parameter struct {
	// name is a path where the parameter lies in another one: "keys[].name".
	name, kind, description string
	// preset are the values of the default: those of a list one by one. They count where hasPreset is set.
	preset    []string
	hasPreset bool
	required  bool
	limits    limits
}

// parametersOf reads a JSON schema, with what lies in parameters that are objects or lists of them.
func parametersOf(schema map[string]any, under string) []parameter {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	var all []parameter
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		p := parameter{name: under + name, kind: kindOf(property), limits: limitsOf(property)}
		p.description, _ = property["description"].(string)
		p.required = slices.Contains(required, any(name))
		var value any
		if value, p.hasPreset = property["default"]; p.hasPreset {
			p.preset = listed(value)
		}
		all = append(all, p)
		items, isList := property["items"].(map[string]any)
		if isList {
			all = append(all, parametersOf(items, p.name+"[].")...)
		} else {
			all = append(all, parametersOf(property, p.name+".")...)
		}
	}
	return all
}

// kindOf is "string", "list of strings", "list of lists of strings", "integer or string"; "value" where anything will do.
func kindOf(schema map[string]any) string {
	switch kind := schema["type"].(type) {
	case string:
		if kind != "array" {
			return kind
		}
		items, _ := schema["items"].(map[string]any)
		return "list of " + plural(kindOf(items))
	case []any:
		return strings.Join(listed(kind), " or ")
	default:
		return "value"
	}
}

func plural(kind string) string {
	if of, isList := strings.CutPrefix(kind, "list of "); isList {
		return "lists of " + of
	}
	return strings.ReplaceAll(kind, " or ", "s or ") + "s"
}

// presence is "required", "default latest", or "optional".
func (p parameter) presence(quote func(string) string) string {
	switch {
	case p.required:
		return "required"
	case !p.hasPreset:
		return "optional"
	case len(p.preset) == 0:
		return "default: an empty list"
	default:
		return "default " + quoted(p.preset, quote)
	}
}

func quoted(values []string, quote func(string) string) string {
	shown := make([]string, 0, len(values))
	for _, v := range values {
		shown = append(shown, quote(v))
	}
	return strings.Join(shown, ", ")
}

// listed gives the entries of a list, or the one value.
func listed(value any) []string {
	entries, ok := value.([]any)
	if !ok {
		return []string{literal(value)}
	}
	shown := make([]string, 0, len(entries))
	for _, v := range entries {
		shown = append(shown, literal(v))
	}
	return shown
}

// literal is a value as YAML's flow style has it; strings are without their quotes, but for the empty one.
func literal(value any) string {
	if text, ok := value.(string); ok && text != "" {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
