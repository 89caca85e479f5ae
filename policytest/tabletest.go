package policytest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
)

// runTable runs the cases of a document.
func (s *suite) runTable(ctx context.Context, t *table) ([]Test, error) {
	var all []Test
	for _, c := range t.cases {
		if !s.selected(c.name) {
			continue
		}
		test := Test{Name: c.name, File: c.file, Line: c.line, Kind: Case, Result: Pass}
		started := time.Now()
		got, err := s.judge(ctx, t, c)
		test.Seconds = time.Since(started).Seconds()
		var bad *flux.ObjectError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &bad):
			s.refuse(c.place.error("%q: object: %s", c.name, bad))
			continue
		case err != nil:
			return nil, err
		}
		if test.Failures = got.differences(c.expect); len(test.Failures) > 0 {
			test.Result = Fail
		}
		test.NotJudged = got.notJudged
		all = append(all, test)
	}
	return all, nil
}

// outcome is what came of a case.
type outcome struct {
	verdict    string
	violations []Violation
	pins       []Pin
	notJudged  []string
}

// judge does what the two webhooks do with a request: what comes out of the mutating call goes into the validating one.
func (s *suite) judge(ctx context.Context, t *table, c tableCase) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	options := c.with.GateOptions(t.policies, t.now)
	options.Resolver, options.Signatures = registries(c.facts), c.signed
	reviewer := gate.New(options)

	request := c.request
	stored, mutated, err := reviewer.Mutate(ctx, request)
	if err != nil {
		return outcome{}, err
	}
	request.Object = stored
	decision, err := reviewer.Validate(ctx, request)
	if err != nil {
		return outcome{}, err
	}
	got := outcome{verdict: decision.Verdict.String()}
	for _, v := range decision.Violations {
		got.violations = append(got.violations, Violation{
			Policy: v.Policy, Rule: v.Rule, Action: string(v.Action), Path: v.Path, Message: v.Message,
		})
	}
	for _, p := range slices.Concat(mutated.Pins, decision.Pins) {
		if pin := (Pin{Path: p.Path, Digest: p.Digest, Dry: p.Dry}); !slices.Contains(got.pins, pin) {
			got.pins = append(got.pins, pin)
		}
	}
	for _, f := range decision.Failures {
		got.notJudged = append(got.notJudged, f.String())
	}
	return got, nil
}
