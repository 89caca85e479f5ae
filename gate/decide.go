package gate

import (
	"cmp"
	"context"
	"slices"

	"github.com/fluxgate/fluxgate/policy"
)

// decide folds what was found into a decision. A Deny is a Deny whatever else could not be judged; short of one, a failure
// is settled by the onError of its policy, the strictest of all.
func (r *review) decide(ctx context.Context, found []policy.Violation) Decision {
	r.bypassFailures(ctx)
	slices.SortStableFunc(found, func(a, b policy.Violation) int {
		return cmp.Or(
			cmp.Compare(strictness(b.Action), strictness(a.Action)),
			cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Path, b.Path),
		)
	})
	return Decision{
		Verdict: verdict(found, r.failures), Violations: found, Failures: r.failures, Notes: r.notes, Bypassed: r.bypasses(),
	}
}

func verdict(found []policy.Violation, failures []Failure) Verdict {
	if denies(found) {
		return Deny
	}
	warn := false
	for _, f := range failures {
		if f.Offline {
			continue
		}
		switch f.OnError {
		case policy.Warn:
			warn = true
		case policy.Audit:
		default: // Deny, and whatever nobody set
			return Undecided
		}
	}
	for _, v := range found {
		warn = warn || v.Action == policy.Warn
	}
	if warn {
		return Warn
	}
	return Allow
}

func strictness(a policy.Action) int {
	switch a {
	case policy.Skip:
		return 0
	case policy.Audit:
		return 1
	case policy.Warn:
		return 2
	default:
		return 3
	}
}
