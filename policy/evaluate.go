package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// RuleError is an infrastructure error: a rule gave no answer that could be read. It is neither a violation nor its
// absence. Error() is safe to show; Unwrap gives the detail, for the log.
type RuleError struct {
	Policy string
	Rule   string
	Err    error
}

func (e *RuleError) Error() string {
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) {
		return fmt.Sprintf("rule %s of policy %s ran out of time", e.Rule, e.Policy)
	}
	return fmt.Sprintf("rule %s of policy %s could not be evaluated", e.Rule, e.Policy)
}

func (e *RuleError) Unwrap() error { return e.Err }

// Evaluate judges the input by the policy's rules of a phase. The violations are sorted by source, rule, path and
// message, and are read-only. The error is nil, a *RuleError or several of them joined; the violations of the other rules
// are returned beside it, so that the answer is as complete as it can be.
func (p *Policy) Evaluate(ctx context.Context, in *Input, phase Phase) ([]Violation, error) {
	g := p.phases[phase]
	if g == nil {
		return nil, nil
	}
	if known, found := g.memo.get(in); found {
		return known, nil
	}
	violations, err := p.judge(ctx, in, g)
	if err == nil {
		g.memo.put(in, violations)
	}
	return violations, err
}

// judge runs the rules of a program.
func (p *Policy) judge(ctx context.Context, in *Input, g *program) ([]Violation, error) {
	input := in.with(g.params, g.prepared)
	values, err := g.all.eval(ctx, input)
	var (
		violations []Violation
		failed     []error
	)
	for i, r := range g.rules {
		var value ast.Value
		ruleErr := err
		switch {
		case err == nil:
			value = values.Elem(i).Value
		case ctx.Err() == nil:
			value, ruleErr = r.alone.one(ctx, input)
		}
		if ruleErr == nil {
			var found []Violation
			found, ruleErr = p.read(r, value, in)
			violations = append(violations, found...)
		}
		if ruleErr != nil {
			failed = append(failed, &RuleError{Policy: p.name, Rule: r.Name, Err: ruleErr})
		}
	}
	slices.SortFunc(violations, compareViolations)
	return violations, errors.Join(failed...)
}

func compareViolations(a, b Violation) int {
	if a.Source != b.Source {
		return a.Source - b.Source
	}
	if a.Rule != b.Rule {
		return strings.Compare(a.Rule, b.Rule)
	}
	if a.Path != b.Path {
		return strings.Compare(a.Path, b.Path)
	}
	return strings.Compare(a.Message, b.Message)
}
