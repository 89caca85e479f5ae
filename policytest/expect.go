package policytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// check says all that is wrong with what is expected.
func (e expectation) check() error {
	var wrong []error
	verdicts := []string{gate.Allow.String(), gate.Warn.String(), gate.Deny.String(), gate.Undecided.String()}
	if !slices.Contains(verdicts, e.Verdict) {
		wrong = append(wrong, fmt.Errorf("expect.verdict: is %q: write one of %s", e.Verdict, strings.Join(verdicts, ", ")))
	}
	actions := []string{string(policy.Deny), string(policy.Warn), string(policy.Audit), string(policy.Skip)}
	for n, v := range e.Violations {
		at := fmt.Sprintf("expect.violations[%d]", n)
		for field, value := range map[string]string{"policy": v.Policy, "rule": v.Rule, "path": v.Path} {
			if value == "" {
				wrong = append(wrong, fmt.Errorf("%s.%s: is required", at, field))
			}
		}
		if !slices.Contains(actions, v.Action) {
			wrong = append(wrong, fmt.Errorf("%s.action: is %q: write one of %s", at, v.Action, strings.Join(actions, ", ")))
		}
	}
	for n, p := range e.Pins {
		if p.Path == "" || !digest.MatchString(p.Digest) {
			wrong = append(wrong, fmt.Errorf("expect.pins[%d]: path and digest (sha256: and 64 hexadecimal digits) are required", n))
		}
	}
	slices.SortStableFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(wrong...)
}
