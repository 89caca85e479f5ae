package gate

import (
	"context"

	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/registry"
)

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

func (r *review) withoutDigest(open map[int]bool) map[int]bool {
	without := map[int]bool{}
	for i := range open {
		if r.now.sources[i].Ref.Digest == "" {
			without[i] = true
		}
	}
	return without
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
		answered, err := r.resolve(ctx, i, registry.Query{})
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
		Path: s.Path + ".ref", Class: classNotAsked, Message: "the digest was not compared with what its ref names, " + why,
	})
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
