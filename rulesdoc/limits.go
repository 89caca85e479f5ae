package rulesdoc

import "strings"

// limits are what the schema asks of a value, or of each entry of a list, beside its type.
type limits struct {
	each        bool
	values      []string
	pattern     string
	least, most any
	// entries is how many a list has at least.
	entries any
}

func limitsOf(schema map[string]any) limits {
	items, isList := schema["items"].(map[string]any)
	l := limits{each: isList, entries: schema["minItems"]}
	if isList {
		schema = items
	}
	if values, ok := schema["enum"].([]any); ok {
		l.values = listed(values)
	}
	l.pattern, _ = schema["pattern"].(string)
	l.least, l.most = schema["minimum"], schema["maximum"]
	return l
}

// sentence is "each one of cosign, notation", or empty where there are no limits; quote marks what is to be written as it is.
func (l limits) sentence(quote func(string) string) string {
	var parts []string
	if len(l.values) > 0 {
		parts = append(parts, "one of "+quoted(l.values, quote))
	}
	if l.pattern != "" {
		parts = append(parts, "matching "+quote(l.pattern))
	}
	if l.least != nil {
		parts = append(parts, "at least "+quote(literal(l.least)))
	}
	if l.most != nil {
		parts = append(parts, "at most "+quote(literal(l.most)))
	}
	if l.each && len(parts) > 0 {
		parts[0] = "each " + parts[0]
	}
	if l.entries != nil && literal(l.entries) != "0" {
		parts = append([]string{literal(l.entries) + " or more"}, parts...)
	}
	return strings.Join(parts, ", ")
}
