package gate

import (
	"context"
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// judgement is what is known of the sources when the rules run.
type judgement struct {
	side *side
	// promised are the sources whose digest is about to be written, so that no rule misses it.
	promised map[int]bool
	// pending are the sources without a digest whose digest is still to be asked for, or could not be. The policies that
	// would have written it are undecided for that; to all others its absence is a violation.
	pending map[int]bool
	// resolved are the facts; nil before anything was asked.
	resolved map[int]policy.Resolved
}

// evaluate runs the rules of some phases of every policy that matches the side. A rule that cannot be evaluated is a failure
// of its policy; the others still run, so that the answer is complete.
func (r *review) evaluate(ctx context.Context, j judgement, phases ...policy.Phase) []policy.Violation {
	if len(j.side.policies) == 0 || len(j.side.sources) == 0 {
		return nil
	}
	r.learnKeys(ctx, j.side)
	var in *policy.Input
	var found []policy.Violation
	for _, p := range j.side.policies {
		if in == nil || len(j.pending) > 0 { // else all policies have the same
			in = policy.NewInput(r.input(j, p))
		}
		for _, phase := range phases {
			violations, err := p.Evaluate(ctx, in, phase)
			r.failRules(p, err)
			found = append(found, violations...)
		}
	}
	return found
}

func (r *review) input(j judgement, p *policy.Policy) policy.Review {
	obj := j.side.object
	intervals := flux.IntervalsOf(obj)
	in := policy.Review{
		Operation:          j.side.operation(r),
		APIVersion:         obj.GetAPIVersion(),
		Kind:               obj.GetKind(),
		Namespace:          obj.GetNamespace(),
		Name:               obj.GetName(),
		ServiceAccountName: flux.ServiceAccountName(obj),
		Interval:           intervals.Object,
		ChartInterval:      intervals.Chart,
		Object:             obj.Object,
		Sources:            make([]policy.SourceReview, len(j.side.sources)),
	}
	for i, s := range j.side.sources {
		in.Sources[i] = policy.SourceReview{
			Source: s, Pending: j.promised[i] || j.pending[i] && writes(p, s.Ref) || r.gate.waits(s), Keys: r.keysOf(s),
		}
		if change, pinnable := r.changes[i]; pinnable && j.side == &r.now {
			in.Sources[i].Changed = change.Changed()
		}
		if fact, known := r.signatures[i]; known && j.side == &r.now {
			in.Sources[i].Signature = &fact
		}
		if fact, known := j.resolved[i]; known {
			in.Sources[i].Resolved = &fact
		}
	}
	return in
}

// waits reports whether the object that declares a source will have its digest later.
func (g *Gate) waits(s flux.Source) bool {
	return s.Origin != nil && g.options.Pending != nil && g.options.Pending(*s.Origin)
}

// noteUnjudged names the sources that no rule can judge, so that nobody takes their silence for approval. One that is missing
// is a violation of its own, see absent.
func (r *review) noteUnjudged() {
	for _, s := range r.now.sources {
		if s.Form == flux.FormUntraceable {
			r.notes = append(r.notes, Note{Path: s.Path, Message: fmt.Sprintf(
				"%s is untraceable: Fluxgate cannot tell what it makes Flux pull, and judges nothing of it", referent(s))})
		}
	}
}

// referent names the object that a source refers to.
func referent(s flux.Source) string {
	kind := flux.Plain(s.Kind)
	if s.Origin == nil {
		return kind
	}
	return fmt.Sprintf("%s %s/%s", kind, flux.Plain(s.Origin.Namespace), flux.Plain(s.Origin.Name))
}
