package rulesdoc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// TestParameters has a line for each thing that a schema can say of a parameter: name (type, presence): limits.
func TestParameters(t *testing.T) {
	for name, c := range map[string]struct {
		properties string
		want       []string
	}{
		"none":                         {`{}`, nil},
		"a required string":            {`{required: [a], properties: {a: {type: string}}}`, []string{"a (string, required): "}},
		"an optional one":              {`{properties: {a: {type: string}}}`, []string{"a (string, optional): "}},
		"with a default":               {`{properties: {a: {type: string, default: x}}}`, []string{"a (string, default <x>): "}},
		"a default that is empty":      {`{properties: {a: {type: string, default: ""}}}`, []string{`a (string, default <"">): `}},
		"a default that is false":      {`{properties: {a: {type: boolean, default: false}}}`, []string{"a (boolean, default <false>): "}},
		"a default that is null":       {`{properties: {a: {type: [string, "null"], default: null}}}`, []string{"a (string or null, default <null>): "}},
		"a default that is an object":  {`{properties: {a: {type: object, default: {b: 1}}}}`, []string{`a (object, default <{"b":1}>): `}},
		"a default of several":         {`{properties: {a: {type: array, items: {type: string}, default: [x, z]}}}`, []string{"a (list of strings, default <x>, <z>): "}},
		"a default of none":            {`{properties: {a: {type: array, items: {type: string}, default: []}}}`, []string{"a (list of strings, default: an empty list): "}},
		"a list of lists":              {`{properties: {a: {type: array, items: {type: array, items: {type: integer}}}}}`, []string{"a (list of lists of integers, optional): "}},
		"a list of anything":           {`{properties: {a: {type: array}}}`, []string{"a (list of values, optional): "}},
		"a list of two types":          {`{properties: {a: {type: array, items: {type: [string, integer]}}}}`, []string{"a (list of strings or integers, optional): "}},
		"one of some":                  {`{properties: {a: {type: string, enum: [x, z]}}}`, []string{"a (string, optional): one of <x>, <z>"}},
		"a pattern":                    {`{properties: {a: {type: string, pattern: "^a|b$"}}}`, []string{"a (string, optional): matching <^a|b$>"}},
		"a range, whose end is nought": {`{properties: {a: {type: integer, minimum: -5, maximum: 0}}}`, []string{"a (integer, optional): at least <-5>, at most <0>"}},
		"entries that are limited":     {`{properties: {a: {type: array, minItems: 2, items: {type: string, enum: [x], pattern: x}}}}`, []string{"a (list of strings, optional): 2 or more, each one of <x>, matching <x>"}},
		"a list that may be empty":     {`{properties: {a: {type: array, minItems: 0, items: {type: string}}}}`, []string{"a (list of strings, optional): "}},
		"parameters by name":           {`{required: [b], properties: {b: {type: string}, a: {type: string}}}`, []string{"a (string, optional): ", "b (string, required): "}},
		"what lies in objects": {
			`{properties: {a: {type: object, required: [c], properties: {b: {type: string}, c: {type: string}}}}}`,
			[]string{"a (object, optional): ", "a.b (string, optional): ", "a.c (string, required): "},
		},
		"what lies in lists of objects": {
			`{properties: {a: {type: array, items: {type: object, required: [b], properties: {b: {type: string, pattern: x}}}}}}`,
			[]string{"a (list of objects, optional): ", "a[].b (string, required): matching <x>"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var schema map[string]any
			if err := yaml.Unmarshal([]byte(c.properties), &schema); err != nil {
				t.Fatal(err)
			}
			mark := func(value string) string { return "<" + value + ">" }
			var got []string
			for _, p := range parametersOf(schema, "") {
				got = append(got, p.name+" ("+p.kind+", "+p.presence(mark)+"): "+p.limits.sentence(mark))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}
