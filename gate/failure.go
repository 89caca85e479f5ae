package gate

import (
	"fmt"
	"slices"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// fail records what could not be judged, once: rules are run more than once in a review.
func (r *review) fail(f Failure) {
	f = r.inDryRun(f)
	known := slices.ContainsFunc(r.failures, func(other Failure) bool {
		return other.Policy == f.Policy && other.Class == f.Class && other.Path == f.Path && other.Message == f.Message
	})
	if !known {
		r.failures = append(r.failures, f)
	}
}

// inDryRun lets a dry run pass where all that is wrong is that something does not exist yet.
func (r *review) inDryRun(f Failure) Failure {
	if r.req.DryRun && f.missing && f.OnError == policy.Deny {
		f.OnError = policy.Warn
		f.Message += "; that keeps nothing out of a dry run, as it may be applied together with this object"
	}
	return f
}

// failAll records what none of the policies could judge. Without a policy nothing was to be judged.
func (r *review) failAll(policies []*policy.Policy, f Failure) {
	for _, p := range policies {
		f.Policy, f.OnError = p.Name(), p.Failing(r.at)
		r.fail(f)
	}
}

// failBroken makes the review undecided for the policies that match and cannot be read.
func (r *review) failBroken() {
	for _, p := range r.now.policies {
		if why := p.Broken(); why != nil {
			r.failAll([]*policy.Policy{p}, Failure{
				Path:    "spec",
				Class:   "policy",
				Message: fmt.Sprintf("the policy is broken, and no earlier version of it is known; an administrator must mend it (kubectl describe sourcepolicy %s)", flux.Plain(p.Name())),
				Err:     why,
				blind:   p.LostAllowList(),
			})
		}
	}
}

// failRules records the rules of a policy that could not be evaluated.
func (r *review) failRules(p *policy.Policy, err error) {
	for _, failed := range policy.RuleErrors(err) {
		f := Failure{Path: "spec", Class: "rule", Err: err, blind: failed.Rule == ruleAllowlist}
		switch {
		case failed.OutOfTime():
			f.Message = "the rules could not be evaluated in time; try again"
		default:
			f.Message = failed.Error() + "; an administrator must mend it"
		}
		r.failAll([]*policy.Policy{p}, f)
	}
}

// undialable reports whether no registry may be asked: an allow-list may be among what could not be judged, or the object is
// not admitted anyway, and not worth a connection.
func (r *review) undialable() bool {
	return slices.ContainsFunc(r.failures, func(f Failure) bool { return f.blind || f.OnError == policy.Deny && !f.Offline })
}
