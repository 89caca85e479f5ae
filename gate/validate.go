package gate

import (
	"context"

	"github.com/fluxgate/fluxgate/policy"
)

// Validate judges the final object. It follows shared steps with Mutate, in this order: pass unjudged, read, match, static
// rules, resolve, verify, fact rules, decide.
func (g *Gate) Validate(ctx context.Context, req Request) (Decision, error) {
	if reason := unjudged(req); reason != "" {
		return Decision{Verdict: Allow, Skipped: reason}, nil
	}
	r, err := g.begin(ctx, req)
	if err != nil {
		return Decision{}, err
	}
	if len(r.now.policies) == 0 && len(r.failures) == 0 {
		return Decision{Verdict: Allow, Skipped: skipNoPolicy}, nil
	}
	found, err := r.judge(ctx)
	if err != nil {
		return Decision{}, err
	}
	r.noteUnjudged()
	r.noteReferring()
	r.failures = append(r.failures, r.unreadKeys()...)
	return r.decide(ctx, found), nil
}

// untilMended is when what a denial left out is judged.
const untilMended = "until the violations are mended"

// judge runs the static rules and, where nothing is denied yet, asks what it must, verifies, and runs the fact rules.
func (r *review) judge(ctx context.Context) ([]policy.Violation, error) {
	open := r.open()
	unpinned := r.withoutDigest(open)
	static := r.beforeAsking(ctx, unpinned)
	switch {
	case denies(static):
		r.noteUnasked(open, untilMended)
		r.noteUnverified(open, untilMended)
		static, err := r.exact(ctx, static, unpinned)
		if err != nil {
			return nil, err
		}
		return append(static, r.relax(ctx, r.unpinnedExcept(unpinned))...), nil
	case r.undialable():
		r.failUnasked(open)
		r.failUnverified()
		return append(static, r.relax(ctx, r.unpinnedExcept(unpinned))...), nil
	case len(open) == 0 && !r.verifies():
		return append(static, r.relax(ctx, r.unpinned())...), nil
	}
	unanswered, err := r.answer(ctx, open, r.blocked(static))
	if err != nil {
		return nil, err
	}
	// One that has a digest waits for nothing: what could not be compared with its ref is judged by all other rules.
	unanswered = r.withoutDigest(unanswered)
	known := judgement{side: &r.now, pending: unanswered, promised: r.awaited, resolved: r.resolved}
	unmet := r.verify(ctx, known, r.blocked(static))
	found := append(r.evaluate(ctx, known, policy.Facts), unmet...)
	if len(unpinned) > 0 {
		// The static rules were silent about the missing digest; now it is known whether it could have been there.
		static = r.static(ctx, known)
	}
	found = append(found, r.unpinnedExcept(unanswered)...)
	return r.relax(ctx, append(static, found...)), nil
}

// beforeAsking are the violations by static rules. In a dry run a missing digest is none as long as the registry may tell that it
// waits for a Secret which may come with the object; where nobody is asked, it is one as in the request that follows.
func (r *review) beforeAsking(ctx context.Context, unpinned map[int]bool) []policy.Violation {
	now := judgement{side: &r.now, pending: unpinned}
	if r.req.DryRun {
		waiting := now
		waiting.promised = unpinned
		if static := r.relax(ctx, r.static(ctx, waiting)); !denies(static) && !r.undialable() {
			return static
		}
	}
	return r.relax(ctx, r.static(ctx, now))
}

// unpinnedExcept leaves out the sources whose digest nobody could tell: they are undecided, not in violation.
func (r *review) unpinnedExcept(unanswered map[int]bool) []policy.Violation {
	var found []policy.Violation
	for _, v := range r.unpinned() {
		if v.Rule == RulePin && unanswered[v.Source] {
			continue
		}
		found = append(found, v)
	}
	return found
}
