package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Rule is what a rule says about itself, in the METADATA of its package.
type Rule struct {
	// Name is kebab-case, and the same as the file's name.
	Name  string
	Title string
	// Description is a paragraph or more, in Markdown.
	Description string
	// Severity is low, medium, high or critical.
	Severity string
	// Remediation says in general what to change; a violation has the exact change.
	Remediation string
	Phase       Phase
	// NeedsKeys: the rule reads the keys in the Secrets of verify blocks ("needs: [keys]").
	NeedsKeys bool
	// NeedsSignature: the rule reads what came of verifying each artifact as its verify block asks ("needs: [signature]"). Such
	// a rule is of the phase facts.
	NeedsSignature bool
	// Params is the JSON schema of the parameters; nil where there are none.
	Params map[string]any
	// Example is an entry of spec.rules, in YAML.
	Example string
	// Reads has an entry for each of Forms, in that order.
	Reads []Read
}

// Read says what a rule reads in an object of a form, or "not applicable" and why.
type Read struct{ Form, Fields string }

// Forms are the ways in which Flux's objects name what they pull: the columns of the table rule × kind.
func Forms() []string {
	return []string{
		"OCIRepository",
		"HelmRelease chartRef",
		"HelmRelease chart.spec, HelmRepository",
		"HelmRelease inline OCIRepository",
		"HelmRelease chart.spec, OCIRepository",
		"HelmRepository",
		"HelmChart",
		"Kustomization",
	}
}

// Rules gives the built-in rules in alphabetical order.
func Rules() ([]Rule, error) {
	lib, err := NewLibrary()
	if err != nil {
		return nil, err
	}
	rules := make([]Rule, 0, len(lib.rules))
	for _, name := range lib.names() {
		rules = append(rules, lib.rules[name].Rule)
	}
	return rules, nil
}

// FindRule gives the rule of that name; where there is none, the error says which was probably meant.
func FindRule(rules []Rule, name string) (Rule, error) {
	known := make([]string, 0, len(rules))
	for _, r := range rules {
		if r.Name == name {
			return r, nil
		}
		known = append(known, r.Name)
	}
	return Rule{}, fmt.Errorf("unknown rule %q%s", name, nearest(name, known))
}

// NewLibrary compiles the built-in rules. It takes some time, so one is made and kept. Its errors are ours.
func NewLibrary() (*Library, error) {
	files, err := fs.Sub(builtin, "rules")
	if err != nil {
		return nil, err
	}
	return newLibrary(files)
}

// describe fills in the metadata, and refuses a rule that leaves some of it out.
func (r *rule) describe(name string, annotations []*ast.Annotations) error {
	for _, a := range annotations {
		if a.Scope == "package" {
			r.Rule = Rule{Name: name, Title: a.Title, Description: strings.TrimSpace(a.Description)}
			return r.describeCustom(a.Custom)
		}
	}
	return errors.New("its package has no METADATA")
}

func (r *rule) describeCustom(custom map[string]any) error {
	text := func(key string) string { value, _ := custom[key].(string); return strings.TrimSpace(value) }
	r.Severity, r.Remediation, r.Example = text("severity"), text("remediation"), text("example")
	for field, value := range map[string]string{
		"title": r.Title, "description": r.Description, "remediation": r.Remediation, "example": r.Example,
	} {
		if value == "" {
			return fmt.Errorf("METADATA has no %s", field)
		}
	}
	switch r.Severity {
	case "low", "medium", "high", "critical":
	default:
		return fmt.Errorf("METADATA severity %q is none of low, medium, high, critical", r.Severity)
	}
	switch text("phase") {
	case "static":
		r.Phase = Static
	case "facts":
		r.Phase = Facts
	default:
		return fmt.Errorf("METADATA phase %q is neither static nor facts", text("phase"))
	}
	if err := r.describeNeeds(custom["needs"]); err != nil {
		return err
	}
	if err := r.describeReads(custom["reads"]); err != nil {
		return err
	}
	return r.describeParams(custom["params"])
}

// describeNeeds reads what has to be found out for the rule, beside what the registry says.
func (r *rule) describeNeeds(value any) error {
	needs, isList := value.([]any)
	if value != nil && !isList {
		return errors.New("METADATA needs must be a list, as in [keys]")
	}
	for _, need := range needs {
		switch need {
		case "keys":
			r.NeedsKeys = true
		case "signature":
			r.NeedsSignature = true
		default:
			return fmt.Errorf("METADATA needs %q, and nobody finds out anything but keys and signature", fmt.Sprint(need))
		}
	}
	if r.NeedsSignature && r.Phase != Facts {
		return errors.New("METADATA needs [signature], which is known in the phase facts only: write phase: facts")
	}
	return nil
}

func (r *rule) describeReads(value any) error {
	reads, _ := value.(map[string]any)
	for _, form := range Forms() {
		fields, _ := reads[form].(string)
		if fields == "" {
			return fmt.Errorf("METADATA reads says nothing of %q", form)
		}
		r.Reads = append(r.Reads, Read{Form: form, Fields: fields})
	}
	if len(reads) != len(r.Reads) {
		return fmt.Errorf("METADATA reads names a form that is none of %q", Forms())
	}
	return nil
}

func (r *rule) describeParams(value any) (err error) {
	params, ok := value.(map[string]any)
	if value != nil && !ok {
		return errors.New("METADATA params must be a JSON schema")
	}
	r.Params = params
	r.schema, err = newSchema(params)
	return err
}
