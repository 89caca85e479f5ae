package gate

import (
	"context"

	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/policy"
)

// Validate judges the final object. It follows shared steps with Mutate, in this order: pass unjudged, read, match, static
// rules, resolve, fact rules, decide.
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
	return r.decide(found), nil
}

// judge runs the static rules and, where nothing is denied yet, asks what it must and runs the fact rules.
func (r *review) judge(ctx context.Context) ([]policy.Violation, error) {
	open := r.open()
	unpinned := r.withoutDigest(open)
	static := r.ratchet(ctx, r.evaluate(ctx, judgement{side: &r.now, pending: unpinned}, policy.Static))
	switch {
	case denies(static):
		r.noteUnasked(open, "until the violations are mended")
		static, err := r.exact(ctx, static, unpinned)
		if err != nil {
			return nil, err
		}
		return append(static, r.ratchet(ctx, r.unpinnedExcept(unpinned))...), nil
	case len(r.failures) > 0:
		r.failUnasked(open)
		return append(static, r.ratchet(ctx, r.unpinnedExcept(unpinned))...), nil
	case len(open) == 0:
		return append(static, r.ratchet(ctx, r.unpinned())...), nil
	}
	unanswered, err := r.answer(ctx, open, r.blocked(static))
	if err != nil {
		return nil, err
	}
	known := judgement{side: &r.now, pending: unanswered, resolved: r.resolved}
	found := r.evaluate(ctx, known, policy.Facts)
	if len(unpinned) > 0 {
		// The static rules were silent about the missing digest; now it is known whether it could have been there.
		static = r.evaluate(ctx, known, policy.Static)
	}
	found = append(found, r.unpinnedExcept(unanswered)...)
	return r.ratchet(ctx, append(static, found...)), nil
}

func (r *review) withoutDigest(open map[int]bool) map[int]bool {
	without := map[int]bool{}
	for i := range open {
		if r.now.sources[i].Ref.Digest == "" {
			without[i] = true
		}
	}
	return without
}

// open are the sources about which the registry must be asked: those that the mutating webhook should have pinned, and
// those whose digest or inputs are new, so that it must be known whether the digest is what the ref names.
func (r *review) open() map[int]bool {
	open := map[int]bool{}
	for i, change := range r.changes {
		ref := change.Source.Ref
		enforced, _ := wish(r.now.policies, ref)
		switch {
		case ref.Digest == "":
			open[i] = pin.Decide(change, enforced).Step == pin.Resolve
		case change.Changed() && (ref.Tag != "" || ref.Semver != ""):
			open[i] = r.needsFacts()
		}
		if !open[i] {
			delete(open, i)
		}
	}
	return open
}

func (r *review) needsFacts() bool {
	for _, p := range r.now.policies {
		if p.NeedsFacts() {
			return true
		}
	}
	return false
}

// answer asks for every open source that may be dialled, and returns those that were asked for in vain.
func (r *review) answer(ctx context.Context, open, blocked map[int]bool) (unanswered map[int]bool, err error) {
	unanswered = map[int]bool{}
	for i := range open {
		if blocked[i] {
			r.keepFromAsking(i)
			continue
		}
		answered, err := r.resolve(ctx, i, false)
		if err != nil {
			return nil, err
		}
		if !answered {
			unanswered[i] = true
		}
	}
	return unanswered, nil
}

// keepFromAsking accounts for a source whose registry may not be asked. A missing digest is a violation then; one that is
// there cannot be compared, which no other policy's allow-list may settle.
func (r *review) keepFromAsking(i int) {
	const why = "because no allow-list permits its registry, or its url is not canonical"
	s := r.now.sources[i]
	if s.Ref.Digest == "" {
		r.noteUnasked(map[int]bool{i: true}, why)
		return
	}
	r.failAll(r.concerned(s), Failure{
		Path: s.Path + ".ref", Class: "not-asked", Message: "the digest was not compared with what its ref names, " + why,
	})
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

// noteUnasked says that nobody was asked what the refs name, and why.
func (r *review) noteUnasked(open map[int]bool, why string) {
	for i := range open {
		r.notes = append(r.notes, Note{
			Path:    r.now.sources[i].Path + ".ref",
			Message: "not resolved, and not judged against the registry, " + why,
		})
	}
}

// failUnasked makes the review undecided for every policy that needed to know what a ref names: a failure of one policy
// must not let an object pass another.
func (r *review) failUnasked(open map[int]bool) {
	for i := range open {
		s := r.now.sources[i]
		r.failAll(r.concerned(s), Failure{
			Path:    s.Path + ".ref",
			Class:   "rule",
			Message: "not resolved, because not all rules could be evaluated before",
		})
	}
}
