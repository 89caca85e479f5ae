package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schema is the JSON schema of a rule's parameters. Nil, which a custom rule may have, admits every object.
type schema struct {
	compiled *jsonschema.Schema
	// names are the parameters; defaults the values of those that have one.
	names    []string
	defaults map[string]any
}

// newSchema compiles the schema of an object that is closed: "additionalProperties: false" is the author's to write, so
// that the schema says the same to every other reader of it. A rule without parameters has the nil schema.
func newSchema(params map[string]any) (*schema, error) {
	if params == nil {
		params = map[string]any{"type": "object", "additionalProperties": false}
	}
	if params["type"] != "object" || params["additionalProperties"] != false {
		return nil, errors.New("METADATA params must say type: object and additionalProperties: false")
	}
	text, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("METADATA params: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("METADATA params: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // nothing is loaded from elsewhere
	if err := compiler.AddResource("params", document); err != nil {
		return nil, fmt.Errorf("METADATA params: %w", err)
	}
	compiled, err := compiler.Compile("params")
	if err != nil {
		return nil, fmt.Errorf("METADATA params: %w", err)
	}
	s := &schema{compiled: compiled, defaults: map[string]any{}}
	for name, property := range compiled.Properties {
		s.names = append(s.names, name)
		if property.Default != nil {
			s.defaults[name] = *property.Default
		}
	}
	slices.Sort(s.names)
	return s, nil
}

// complete returns the parameters with the defaults of those that are absent.
func (s *schema) complete(params map[string]any) map[string]any {
	if s == nil {
		return params
	}
	all := maps.Clone(s.defaults)
	maps.Copy(all, params)
	return all
}

// paramProblem is what is wrong with a parameter: at is "" for the parameters as a whole, or as in ".allow[0]".
type paramProblem struct {
	at, message string
	// shape: the value has the right type and is only not of the form that a pattern asks for.
	shape bool
}

// check says everything that is wrong with the parameters.
func (s *schema) check(params any) []paramProblem {
	if s == nil {
		if _, isObject := params.(map[string]any); !isObject {
			return []paramProblem{{message: "must be an object, is " + article(typeOf(params))}}
		}
		return nil
	}
	err := s.compiled.Validate(params)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []paramProblem{{message: err.Error()}}
	}
	return s.explain(invalid)
}

// explain turns the leaves of the validator's tree into sentences.
func (s *schema) explain(e *jsonschema.ValidationError) []paramProblem {
	var all []paramProblem
	for _, cause := range e.Causes {
		all = append(all, s.explain(cause)...)
	}
	if len(all) > 0 {
		return all
	}
	at := paramPath(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			all = append(all, paramProblem{at: at + "." + name, message: "unknown parameter" + nearest(name, s.names)})
		}
	case *kind.Required:
		for _, name := range k.Missing {
			all = append(all, paramProblem{at: at + "." + name, message: "is required"})
		}
	case *kind.Type:
		text := fmt.Sprintf("must be %s, is %s", article(k.Want[0]), article(k.Got))
		all = append(all, paramProblem{at: at, message: text})
	case *kind.Enum:
		want := make([]string, 0, len(k.Want))
		for _, v := range k.Want {
			want = append(want, fmt.Sprint(v))
		}
		got := fmt.Sprint(k.Got)
		all = append(all, paramProblem{at: at, message: fmt.Sprintf("%q is not known", got) + nearest(got, want)})
	case *kind.Pattern:
		text := fmt.Sprintf("%q does not match the pattern %s", k.Got, k.Want)
		all = append(all, paramProblem{at: at, message: text, shape: true})
	case *kind.MinItems:
		all = append(all, paramProblem{at: at, message: fmt.Sprintf("must have %d entries or more, has %d", k.Want, k.Got)})
	case *kind.MinLength:
		all = append(all, paramProblem{at: at, message: fmt.Sprintf("must have %d characters or more, has %d", k.Want, k.Got)})
	case *kind.MaxLength:
		all = append(all, paramProblem{at: at, message: fmt.Sprintf("must have %d characters or fewer, has %d", k.Want, k.Got)})
	default:
		all = append(all, paramProblem{at: at, message: e.ErrorKind.LocalizedString(message.NewPrinter(language.English))})
	}
	return all
}

// paramPath writes ["allow", "0"] as ".allow[0]".
func paramPath(location []string) string {
	var path strings.Builder
	for _, step := range location {
		if strings.Trim(step, "0123456789") == "" {
			path.WriteString("[" + step + "]")
		} else {
			path.WriteString("." + step)
		}
	}
	return path.String()
}
