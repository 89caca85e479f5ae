package check

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

func TestResult(t *testing.T) {
	violation := policy.Violation{
		Policy: "p", Rule: "r", Action: policy.Deny, Path: "spec.url", Message: "is bad", Remediation: "write good", Source: 3,
	}
	excepted := violation
	excepted.Action, excepted.Exception = policy.Skip, &policy.Exception{
		Namespace: "x", Name: "legacy", Reason: "TICKET-1", Until: time.Date(2026, 12, 31, 1, 0, 0, 0, time.FixedZone("CET", 3600)),
	}
	object := Object{
		APIVersion: "source.toolkit.fluxcd.io/v1", Kind: "OCIRepository", Namespace: "x", Name: "a", File: "stdin", Line: 1,
	}
	cases := map[string]struct {
		gate fakeGate
		want Result
		// outcome is what the report comes to.
		outcome Outcome
	}{
		"nothing to say": {
			want: Result{Decision: "allow"},
		},
		"no policy matches": {
			gate: fakeGate{validate: decided(gate.Decision{Verdict: gate.Allow, Skipped: "no policy matches"})},
			want: Result{Decision: "allow", Skipped: "no policy matches"},
		},
		"a denial": {
			gate: fakeGate{validate: decided(gate.Decision{Verdict: gate.Deny, Violations: []policy.Violation{violation}})},
			want: Result{Decision: "deny", Violations: []Violation{
				{Policy: "p", Rule: "r", Action: "Deny", Path: "spec.url", Message: "is bad", Remediation: "write good"},
			}},
			outcome: Denied,
		},
		"a violation that an exception covers": {
			gate: fakeGate{validate: decided(gate.Decision{Verdict: gate.Allow, Violations: []policy.Violation{excepted}})},
			want: Result{Decision: "allow", Violations: []Violation{
				{Policy: "p", Rule: "r", Action: "Skip", Path: "spec.url", Message: "is bad", Remediation: "write good",
					Exception: &Exception{Namespace: "x", Name: "legacy", Reason: "TICKET-1", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}},
			}},
		},
		"pins of one call and notes of both": {
			gate: fakeGate{
				mutate: func(_ context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, gate.Decision, error) {
					return u, gate.Decision{
						Verdict:  gate.Allow,
						Pins:     []gate.Pin{{Path: "spec.ref.digest", From: "tag v1", Digest: "sha256:1", Dry: true}},
						Notes:    []gate.Note{{Path: "spec", Message: "both say"}, {Path: "spec", Message: "only this one says"}},
						Failures: []gate.Failure{{Class: "rule", Message: "said by the other too"}},
					}, nil
				},
				validate: decided(gate.Decision{Verdict: gate.Warn, Notes: []gate.Note{{Path: "spec", Message: "both say"}}}),
			},
			want: Result{
				Decision: "warn",
				Pins:     []Pin{{Path: "spec.ref.digest", From: "tag v1", Digest: "sha256:1", Dry: true}},
				Notes:    []Note{{Path: "spec", Message: "both say"}, {Path: "spec", Message: "only this one says"}},
			},
		},
		"a registry that is down": {
			gate: fakeGate{validate: decided(gate.Decision{Verdict: gate.Undecided, Failures: []gate.Failure{
				{Policy: "p", OnError: policy.Deny, Path: "spec.ref", Class: "unreachable", Message: "ghcr.io/a: unreachable", Err: errors.New("10.0.0.1")},
			}})},
			want: Result{Decision: "error", NotJudged: []NotJudged{
				{Policy: "p", Path: "spec.ref", Class: "unreachable", Message: "ghcr.io/a: unreachable"},
			}},
			outcome: Undecided,
		},
		"a decision that nobody made": {
			gate:    fakeGate{validate: decided(gate.Decision{})},
			want:    Result{Decision: "error"},
			outcome: Undecided,
		},
		"offline": {
			gate: fakeGate{validate: decided(gate.Decision{Verdict: gate.Allow, Failures: []gate.Failure{
				{Policy: "p", OnError: policy.Deny, Path: "spec.ref", Class: "offline", Message: "nobody was asked", Offline: true},
			}})},
			want: Result{Decision: "allow", NotJudged: []NotJudged{
				{Policy: "p", Path: "spec.ref", Class: "offline", Message: "nobody was asked"},
			}},
		},
		"a bad object, seen by the mutating call": {
			gate: fakeGate{mutate: func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, gate.Decision, error) {
				return nil, gate.Decision{}, fmt.Errorf("read: %w", &flux.ObjectError{Path: "spec.url", Message: "is a number", Remedy: "write a string"})
			}},
			want: Result{Decision: "error", NotJudged: []NotJudged{
				{Path: "spec.url", Class: ClassBadObject, Message: "is a number; write a string"},
			}},
			outcome: BadInput,
		},
		"a defect in the validating call": {
			gate: fakeGate{validate: func(context.Context, *unstructured.Unstructured) (gate.Decision, error) {
				return gate.Decision{Verdict: gate.Allow}, errors.New("out of order")
			}},
			want:    Result{Decision: "error", NotJudged: []NotJudged{{Class: "internal", Message: "out of order"}}},
			outcome: Undecided,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			report := Judge{Gate: c.gate}.Report(t.Context(), readStdin(oci("x", "a")))
			c.want.Object = object
			c.want.Sources = []Source{{Path: "spec", Form: "oci-repository", Repository: "ghcr.io/acme/app", Provider: "generic"}}
			c.want.Violations = append([]Violation{}, c.want.Violations...)
			c.want.Pins = append([]Pin{}, c.want.Pins...)
			c.want.NotJudged = append([]NotJudged{}, c.want.NotJudged...)
			c.want.Notes = append([]Note{}, c.want.Notes...)
			if diff := cmp.Diff([]Result{c.want}, report.Results); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if got := report.Outcome(); got != c.outcome {
				t.Errorf("outcome is %d, want %d", got, c.outcome)
			}
		})
	}
}

func decided(d gate.Decision) func(context.Context, *unstructured.Unstructured) (gate.Decision, error) {
	return func(context.Context, *unstructured.Unstructured) (gate.Decision, error) { return d, nil }
}

func TestOutcomePrecedence(t *testing.T) {
	cases := map[string]struct {
		summary Summary
		want    Outcome
	}{
		"nothing at all":                    {Summary{}, Clean},
		"warnings only":                     {Summary{Warn: 3}, Clean},
		"not judged because offline":        {Summary{Allow: 1, NotJudged: 1, Offline: 1}, Clean},
		"a denial beside a registry's end":  {Summary{Deny: 1, Error: 1}, Denied},
		"a denial beside unreadable input":  {Summary{Deny: 1, Unreadable: 1}, BadInput},
		"a bad object among others":         {Summary{Allow: 1, Error: 1, BadObjects: 1}, BadInput},
		"all of it":                         {Summary{Deny: 1, Error: 2, BadObjects: 1, Unreadable: 1}, BadInput},
		"a registry that could not be read": {Summary{Allow: 1, Error: 1, NotJudged: 1}, Undecided},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (&Report{Summary: c.summary}).Outcome(); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
