package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// read turns a rule's result into violations. A result of another shape is an error of the rule.
func (p *Policy) read(r *policyRule, value ast.Value, in *Input) ([]Violation, error) {
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("violations is %s, not a set", ast.ValueName(value))
	}
	if set.Len() == 0 {
		return nil, nil
	}
	violations := make([]Violation, 0, set.Len())
	for _, item := range set.Slice() {
		object, ok := item.Value.(ast.Object)
		if !ok {
			return nil, fmt.Errorf("a violation is %s, not an object", ast.ValueName(item.Value))
		}
		v, err := readViolation(object, len(in.review.Sources))
		if err != nil {
			return nil, err
		}
		v.Policy, v.Rule, v.Action = p.name, r.Name, r.action
		if own := object.Get(termOwn); own == nil || !own.Equal(ast.InternedTerm(true)) {
			in.hideForeign(&v, r.Title)
		}
		violations = append(violations, v)
	}
	return violations, nil
}

// readViolation reads {source, path, message, remediation}; without a source, the violation is of the whole object.
func readViolation(object ast.Object, sources int) (v Violation, err error) {
	v.Source = -1
	if term := object.Get(termSource); term != nil {
		number, ok := term.Value.(ast.Number)
		index, isInt := number.Int()
		if !ok || !isInt || index < 0 || index >= sources {
			return v, fmt.Errorf("a violation's source is %v, not the index of one of %d sources", term, sources)
		}
		v.Source = index
	}
	for field, to := range map[string]*string{"path": &v.Path, "message": &v.Message, "remediation": &v.Remediation} {
		text, err := stringField(object, field)
		if err != nil {
			return v, err
		}
		*to = clean(text)
	}
	return v, nil
}

// stringField reads a field that must be a string and say something.
func stringField(object ast.Object, name string) (string, error) {
	term := object.Get(ast.StringTerm(name))
	if term == nil {
		return "", fmt.Errorf("an entry has no %s", name)
	}
	text, ok := term.Value.(ast.String)
	if !ok || text == "" {
		return "", fmt.Errorf("the %s of an entry is %v, not a text", name, term)
	}
	return string(text), nil
}

// hideForeign takes the content of an object in another namespace out of a violation: whoever may refer to it need not
// be allowed to read it. A rule says "own: true" of a violation that speaks of the judged object's fields alone.
func (in *Input) hideForeign(v *Violation, title string) {
	if v.Source < 0 {
		return
	}
	origin := in.review.Sources[v.Source].Origin
	if origin == nil || origin.Namespace == in.review.Namespace {
		return
	}
	v.Path = in.review.Sources[v.Source].Path
	v.Message = fmt.Sprintf("%s %s/%s breaks %s: %s", origin.Kind, origin.Namespace, origin.Name, v.Rule, title)
	v.Remediation = "ask those who own it to change it, or refer to another source"
}
