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
	switch {
	case e.OutOfTime():
		return fmt.Sprintf("rule %s of policy %s ran out of time", e.Rule, e.Policy)
	case errors.Is(e.Err, errTooSlow), errors.Is(e.Err, errTooHungry), errors.Is(e.Err, errOutOfBudget):
		return fmt.Sprintf("rule %s of policy %s was cut off: %s", e.Rule, e.Policy, e.Err)
	}
	return fmt.Sprintf("rule %s of policy %s could not be evaluated", e.Rule, e.Policy)
}

func (e *RuleError) Unwrap() error { return e.Err }

// OutOfTime reports whether the time of the whole review was up, so that another try may succeed.
func (e *RuleError) OutOfTime() bool {
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled)
}

// RuleErrors gives the *RuleErrors in an error of Evaluate.
func RuleErrors(err error) []*RuleError {
	switch e := err.(type) { //nolint:errorlint // it walks the tree itself
	case *RuleError:
		return []*RuleError{e}
	case interface{ Unwrap() []error }:
		var all []*RuleError
		for _, inner := range e.Unwrap() {
			all = append(all, RuleErrors(inner)...)
		}
		return all
	}
	return nil
}

// Evaluate judges the input by the policy's rules of a phase. The violations are sorted by source, rule, path and
// message, and are read-only. The error is nil, a *RuleError or several of them joined; the violations of the other rules
// are returned beside it, so that the answer is as complete as it can be.
func (p *Policy) Evaluate(ctx context.Context, in *Input, phase Phase) ([]Violation, error) {
	violations, err := p.builtin(ctx, in, p.phases[phase])
	if len(p.custom[phase]) == 0 {
		return violations, err
	}
	all, failed := slices.Clone(violations), []error{err}
	for _, g := range p.custom[phase] {
		found, err := p.judgeCustom(ctx, in, g.rules[0], g)
		all, failed = append(all, found...), append(failed, err)
	}
	slices.SortFunc(all, compareViolations)
	return slices.Compact(all), errors.Join(failed...)
}

// builtin evaluates the built-in rules of a phase, or remembers what they said of the same input.
func (p *Policy) builtin(ctx context.Context, in *Input, g *program) ([]Violation, error) {
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
	keys, signatures := in.keysAsked(), in.signaturesAsked()
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
		if r.NeedsKeys && keys != nil {
			ruleErr = keys
		}
		if r.NeedsSignature && signatures != nil {
			ruleErr = signatures
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
	return slices.Compact(violations), errors.Join(failed...) // what is hidden of a foreign object is the same sentence
}

// errKeysNotAsked is a defect of the caller: what is not known must not pass for what is not there.
var errKeysNotAsked = errors.New("the keys of a Secret are needed, and nobody asked for them")

// keysAsked returns errKeysNotAsked where a source names a Secret of keys and nothing is said of it.
func (in *Input) keysAsked() error {
	for i := range in.review.Sources {
		if s := &in.review.Sources[i]; s.namesKeys() && s.Keys == nil {
			return errKeysNotAsked
		}
	}
	return nil
}

// errSignaturesNotAsked is such a defect too.
var errSignaturesNotAsked = errors.New("the signatures of an artifact are needed, and nobody asked for them")

// signaturesAsked returns errSignaturesNotAsked where nothing is said of the signatures of an artifact.
func (in *Input) signaturesAsked() error {
	for i := range in.review.Sources {
		if s := &in.review.Sources[i]; s.signable() && s.Signature == nil {
			return errSignaturesNotAsked
		}
	}
	return nil
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
