package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// program is the rules of one policy and phase, as one query with their parameters.
type program struct {
	rules []*policyRule
	// all asks every rule at once, in their order.
	all  *query
	memo *memo
	// params and prepared are the documents input.params and input.prepared.
	params, prepared *ast.Term
}

// prepare builds the policy's programs; a phase without rules has none.
func (l *library) prepare(p *Policy, params map[string]map[string]any) error {
	paramsTerm, preparedTerm, err := l.documents(p.rules, params)
	if err != nil {
		return err
	}
	p.phases = map[Phase]*program{}
	for _, phase := range []Phase{Static, Facts} {
		g := &program{params: paramsTerm, prepared: preparedTerm, memo: newMemo()}
		var paths []string
		for _, r := range p.rules {
			if r.Phase != phase {
				continue
			}
			g.rules, paths = append(g.rules, r), append(paths, r.path+".violations")
		}
		if len(paths) == 0 {
			continue
		}
		if g.all, err = l.newQuery(paths...); err != nil {
			return err
		}
		p.phases[phase] = g
	}
	return nil
}

// documents gives the parameters of a policy's rules, and what the rules make of them once and for all: the two things
// in a rule's input that no review changes.
func (l *library) documents(rules []*policyRule, params map[string]map[string]any) (all, prepared *ast.Term, err error) {
	allItems, preparedItems := ast.NewObject(), ast.NewObject()
	for _, r := range rules {
		key := ast.StringTerm(r.Name)
		value, err := ast.InterfaceToValue(params[r.Name])
		if err != nil {
			return nil, nil, fmt.Errorf("parameters of %s: %w", r.Name, err)
		}
		allItems.Insert(key, ast.NewTerm(value))
		if !r.prepares {
			continue
		}
		made, err := l.ask(r.rule, "prepared", params[r.Name])
		if err != nil {
			return nil, nil, err
		}
		preparedItems.Insert(key, ast.NewTerm(made))
	}
	return ast.NewTerm(allItems), ast.NewTerm(preparedItems), nil
}

// ask evaluates a document of a rule that depends on the rule's parameters alone.
func (l *library) ask(r *rule, document string, params map[string]any) (ast.Value, error) {
	input, err := ast.InterfaceToValue(map[string]any{"params": map[string]any{r.Name: params}})
	if err != nil {
		return nil, fmt.Errorf("parameters of %s: %w", r.Name, err)
	}
	q, err := l.newQuery(r.path + "." + document)
	if err != nil {
		return nil, err
	}
	value, err := q.one(context.Background(), input)
	if err != nil {
		return nil, fmt.Errorf("%s of rule %s: %w", document, r.Name, err)
	}
	return value, nil
}

// askRule adds what the rule itself says of parameters that its schema has no better words for. It is asked only where
// the parameters have the right types.
func (l *library) askRule(r *rule, params map[string]any, wrong []paramProblem) ([]paramProblem, error) {
	if !r.validates || slices.ContainsFunc(wrong, func(w paramProblem) bool { return !w.shape }) {
		return wrong, nil
	}
	value, err := l.ask(r, "invalid", params)
	if err != nil {
		return nil, err
	}
	said, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("invalid of rule %s must be a set", r.Name)
	}
	var better []paramProblem
	for _, item := range said.Slice() {
		at, message, err := invalidItem(item)
		if err != nil {
			return nil, fmt.Errorf("invalid of rule %s: %w", r.Name, err)
		}
		wrong = slices.DeleteFunc(wrong, func(w paramProblem) bool { return w.shape && w.at == at })
		better = append(better, paramProblem{at: at, message: message})
	}
	slices.SortFunc(better, func(a, b paramProblem) int { return strings.Compare(a.at+a.message, b.at+b.message) })
	return append(better, wrong...), nil
}

func invalidItem(item *ast.Term) (at, message string, err error) {
	object, ok := item.Value.(ast.Object)
	if !ok {
		return "", "", fmt.Errorf("an entry is %s", ast.ValueName(item.Value))
	}
	if at, err = stringField(object, "path"); err != nil {
		return "", "", err
	}
	message, err = stringField(object, "message")
	return at, message, err
}
