package gate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fluxgate/fluxgate/policy"
)

// relax takes from what was found whatever does not keep the object out: what an exception covers, what the policy denies
// only from a later date on, what the stored object violated already, and what the user may bypass. In this order, so that
// nobody is asked for a right that is not needed. Nothing is lost: each violation stays, and says why it does not deny.
func (r *review) relax(ctx context.Context, found []policy.Violation) []policy.Violation {
	found = slices.Clone(found) // a policy remembers its violations
	r.except(found)
	r.date(found)
	return r.bypass(ctx, r.ratchet(ctx, found))
}

// except skips the violations that an exception covers in every namespace for which the policy judges the object.
func (r *review) except(found []policy.Violation) {
	object := policy.Object{Kind: r.now.object.GetKind(), Namespace: r.now.object.GetNamespace(), Name: r.now.object.GetName()}
	for i, v := range found {
		p := r.set.Find(v.Policy)
		if p == nil {
			continue
		}
		if e := r.set.Excepted(p, v.Rule, object, p.Through(with(r.now.subject, r.referring)), r.at); e != nil {
			found[i].Action, found[i].Exception = policy.Skip, e
		}
	}
}

// date turns a Deny into a Warn where the policy denies from a later date on only.
func (r *review) date(found []policy.Violation) {
	for i, v := range found {
		p := r.set.Find(v.Policy)
		if v.Action != policy.Deny || p == nil || p.Enforced(policy.Deny, r.at) == policy.Deny {
			continue
		}
		found[i].Action = policy.Warn
		found[i].Message += fmt.Sprintf(" (denied from %s on)", p.EnforceFrom().UTC().Format(time.RFC3339))
	}
}
