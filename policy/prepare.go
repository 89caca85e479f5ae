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
	// tired is for a custom rule, which has a program of its own.
	tired *tired
	// params and prepared are the documents input.params and input.prepared.
	params, prepared *ast.Term
}

// prepare builds the policy's programs; a phase without rules has none.
func (l *Library) prepare(p *Policy, params map[string]map[string]any) error {
	paramsTerm, preparedTerm, err := documentsOf(p.rules, params)
	if err != nil {
		return err
	}
	p.phases, p.custom = map[Phase]*program{}, map[Phase][]*program{}
	for _, phase := range []Phase{Static, Facts} {
		g := &program{params: paramsTerm, prepared: preparedTerm, memo: newMemo()}
		var paths []string
		for _, r := range p.rules {
			switch {
			case r.Phase != phase:
				continue
			case r.custom:
				p.custom[phase] = append(p.custom[phase],
					&program{rules: []*policyRule{r}, params: paramsTerm, prepared: preparedTerm, tired: newTired()})
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
		g.all.cache = uncached{}
		p.phases[phase] = g
	}
	return nil
}

// documentsOf gives the parameters of a policy's rules, and what the rules make of them once and for all: the two things
// in a rule's input that no review changes.
func documentsOf(rules []*policyRule, params map[string]map[string]any) (all, prepared *ast.Term, err error) {
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
		made, err := r.ask("prepared", params[r.Name])
		if err != nil {
			return nil, nil, err
		}
		preparedItems.Insert(key, ast.NewTerm(made))
	}
	return ast.NewTerm(allItems), ast.NewTerm(preparedItems), nil
}

// ask evaluates a document of a rule that depends on the rule's parameters alone.
func (r *rule) ask(document string, params map[string]any) (ast.Value, error) {
	input, err := ast.InterfaceToValue(map[string]any{"params": map[string]any{r.Name: params}})
	if err != nil {
		return nil, fmt.Errorf("parameters of %s: %w", r.Name, err)
	}
	q, err := r.lib.newQuery(r.path + "." + document)
	if err != nil {
		return nil, err
	}
	ctx, done := budgeted(context.Background())
	defer done()
	value, err := q.one(ctx, input)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if err != nil {
		return nil, fmt.Errorf("%s of rule %s: %w", document, r.Name, err)
	}
	return value, nil
}

// complain adds what the rule itself says of parameters that its schema has no better words for. It is asked only where
// the parameters have the right types.
func (r *rule) complain(params map[string]any, wrong []paramProblem) ([]paramProblem, error) {
	if !r.validates || slices.ContainsFunc(wrong, func(w paramProblem) bool { return !w.shape }) {
		return wrong, nil
	}
	value, err := r.ask("invalid", params)
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
