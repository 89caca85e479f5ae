package gate

import (
	"context"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// Mutate returns the object as it should be stored: a HelmRelease's sourceRef to an OCIRepository rewritten, and each
// digest of Fluxgate's written, kept or taken out. It asks the registry only where a digest is to be written, and only
// after the static rules; where that fails the object is left unpinned, which Validate then judges.
func (g *Gate) Mutate(ctx context.Context, req Request) (*unstructured.Unstructured, Decision, error) {
	if reason := unjudged(req); reason != "" {
		return req.Object, Decision{Verdict: Allow, Skipped: reason}, nil
	}
	obj, note, err := g.rewrite(req.Object)
	if err != nil {
		return nil, Decision{}, err
	}
	written := req
	written.Object = obj
	r, err := g.begin(ctx, written)
	if err != nil {
		return nil, Decision{}, err
	}
	if note != "" && !asStored(obj, req.Old) {
		r.notes = append(r.notes, Note{Path: "spec.chartRef", Message: note})
	}
	pins, err := r.pin(ctx, obj != req.Object)
	if err != nil {
		return nil, Decision{}, err
	}
	failures := slices.Concat(r.failures, r.unreadKeys())
	return r.now.object, Decision{Verdict: Allow, Failures: failures, Notes: r.notes, Pins: pins}, nil
}

// asStored reports whether a rewrite comes to what is stored already. A GitOps controller sends the same manifest for ever,
// and its user has read the note.
func asStored(obj, stored *unstructured.Unstructured) bool {
	return stored != nil && reflect.DeepEqual(obj.Object["spec"], stored.Object["spec"])
}

func (g *Gate) rewrite(obj *unstructured.Unstructured) (*unstructured.Unstructured, string, error) {
	if g.options.KeepSourceRef {
		return obj, "", nil
	}
	return flux.RewriteChartRef(obj)
}

// pin carries out the plan of each source that can be pinned. copied says that the object is already a copy.
func (r *review) pin(ctx context.Context, copied bool) ([]Pin, error) {
	own := r.now.object
	edit := func() *unstructured.Unstructured {
		if !copied {
			own, copied = own.DeepCopy(), true
		}
		return own
	}
	var pins []Pin
	for i, change := range r.changes {
		p, err := r.carryOut(ctx, i, change, edit)
		if err != nil {
			return nil, err
		}
		if p != nil {
			pins = append(pins, *p)
		}
	}
	if len(r.changes) == 0 && len(r.failures) == 0 && pin.Recorded(own) { // what could not be read may be a pin
		pin.Release(edit())
	}
	r.now.object = own
	return pins, nil
}

// carryOut changes the object as the plan for one source says, and returns the pin, if there is one.
func (r *review) carryOut(
	ctx context.Context, i int, change pin.Change, edit func() *unstructured.Unstructured,
) (*Pin, error) {
	s := change.Source
	enforced, reported := wish(r.now.policies, s.Ref)
	plan := pin.Decide(change, enforced)
	digest := plan.Digest
	switch plan.Step {
	case pin.Keep:
		return nil, nil
	case pin.Leave:
		if pin.Recorded(r.now.object) {
			pin.Release(edit())
		}
		return r.wouldPin(ctx, i, change, reported)
	case pin.Resolve:
		answered, err := r.ask(ctx, i, plan.Fresh)
		if err != nil {
			return nil, err
		}
		if !answered {
			r.erase(s, edit)
			return nil, nil
		}
		digest = r.resolved[i].Digest
	case pin.Strip:
		r.erase(s, edit)
		return nil, nil
	}
	if err := pin.Write(edit(), s, digest); err != nil {
		return nil, err
	}
	return &Pin{Path: pin.DigestPath(s), From: from(s.Ref), Digest: digest}, nil
}

// erase takes a digest of ours out, where there is one: it must not outlive its inputs.
func (r *review) erase(s flux.Source, edit func() *unstructured.Unstructured) {
	if s.Ref.Digest != "" || pin.Recorded(r.now.object) {
		pin.Erase(edit(), s)
	}
}

// wouldPin reports what a policy in Audit would write, and writes nothing.
func (r *review) wouldPin(ctx context.Context, i int, change pin.Change, reported bool) (*Pin, error) {
	s := change.Source
	if !reported || s.Ref.Digest != "" || pin.Decide(change, pin.Wish{Pin: true}).Step != pin.Resolve {
		return nil, nil
	}
	answered, err := r.ask(ctx, i, false)
	if err != nil || !answered {
		return nil, err
	}
	return &Pin{Path: pin.DigestPath(s), From: from(s.Ref), Digest: r.resolved[i].Digest, Dry: true}, nil
}

// ask resolves a source after the static rules: an object that they deny is not worth a connection, and a host that an
// allow-list refuses is never dialled.
func (r *review) ask(ctx context.Context, i int, fresh bool) (bool, error) {
	if r.undialable() {
		return false, nil
	}
	r.now.sources[i].Ref.Digest = "" // one of ours gives way to the answer
	static := r.relax(ctx, r.evaluate(ctx, judgement{side: &r.now, promised: map[int]bool{i: true}}, policy.Static))
	if denies(static) || r.blocked(static)[i] || r.undialable() {
		return false, nil
	}
	return r.resolve(ctx, i, registry.Query{Young: true, Fresh: fresh})
}

// from names what a digest was resolved from, in Flux's precedence.
func from(ref flux.Ref) string {
	switch {
	case ref.Semver != "":
		return "semver " + ref.Semver
	case ref.Tag != "":
		return "tag " + ref.Tag
	default:
		return "tag latest"
	}
}
