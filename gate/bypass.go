package gate

import (
	"context"
	"slices"

	"github.com/fluxgate/fluxgate/policy"
)

// bypassed is added to the message of a violation that the user may bypass.
const bypassed = " (bypassed: you hold the verb bypass on this SourcePolicy)"

// bypass turns the denials of the policies that the user may bypass into warnings.
func (r *review) bypass(ctx context.Context, found []policy.Violation) []policy.Violation {
	for i, v := range found {
		if v.Action == policy.Deny && r.mayBypass(ctx, v.Policy) {
			found[i].Action, found[i].Bypassed = policy.Warn, true
			found[i].Message += bypassed
		}
	}
	return found
}

// bypassFailures does the same for what could not be judged.
func (r *review) bypassFailures(ctx context.Context) {
	for i, f := range r.failures {
		if f.OnError == policy.Deny && f.Policy != "" && !f.Offline && r.mayBypass(ctx, f.Policy) {
			r.failures[i].OnError = policy.Warn
			r.failures[i].Message += bypassed
		}
	}
}

// mayBypass asks once a policy. Where it cannot be told, nobody may: the failure is there for the log, and decides nothing.
func (r *review) mayBypass(ctx context.Context, name string) bool {
	if r.req.Bypass == nil {
		return false
	}
	if may, known := r.bypassed[name]; known {
		return may
	}
	may, err := r.req.Bypass(ctx, name)
	if err != nil {
		may = false
		r.notes = append(r.notes, Note{Path: "metadata", Message: "whether you may bypass the policy " + name + " could not be told"})
		r.fail(Failure{
			Policy: name, OnError: policy.Audit, Path: "metadata", Class: "access",
			Message: "whether the user may bypass the policy could not be told", Err: err,
		})
	}
	r.bypassed[name] = may
	return may
}

// bypasses are the policies that the user bypassed, in order.
func (r *review) bypasses() []string {
	var names []string
	for name, may := range r.bypassed {
		if may {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
