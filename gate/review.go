package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/policy"
)

// review is one object on its way to a decision: what it pulls, the policies that match, and what is found on the way.
type review struct {
	gate *Gate
	req  Request
	set  *policy.Set
	// at is the moment of the review, the same for all of its steps.
	at time.Time

	now, before side
	// referring are the namespaces whose objects refer to the object, be it the stored one or that of the request.
	referring []policy.Namespace
	// changes are the sources that can be pinned, by their index in now.sources.
	changes map[int]pin.Change

	resolved map[int]policy.Resolved
	// awaited are the sources that could not be resolved for want of a Secret or ServiceAccount which, in a dry run, may be applied
	// together with the object: whoever would have written their digest, no policy misses it yet.
	awaited map[int]bool
	// keys are those of the Secrets that were read.
	keys map[keyring]keyFacts
	// signatures are what came of the verify blocks; nil before anybody asked.
	signatures map[int]policy.Signature
	failures   []Failure
	notes      []Note
	// bypassed is what Request.Bypass said of the policies that it was asked for.
	bypassed map[string]bool
}

// side is the object of a request, or the stored one, with what is judged of it.
type side struct {
	object *unstructured.Unstructured
	// subject holds the namespaces that the object is judged for by itself.
	subject  policy.Subject
	sources  []flux.Source
	policies []*policy.Policy
}

// begin reads the object: its sources, and the policies that match it. The error is an *flux.ObjectError; what cannot be
// read for another reason becomes a failure of the review.
func (g *Gate) begin(ctx context.Context, req Request) (*review, error) {
	r := &review{
		gate: g, req: req, set: g.options.Policies(), at: g.options.Now(),
		resolved: map[int]policy.Resolved{}, awaited: map[int]bool{}, keys: map[keyring]keyFacts{}, bypassed: map[string]bool{},
	}
	var err error
	if r.referring, err = g.referring(ctx, req.Object); err != nil {
		r.now = side{object: req.Object}
		r.failNamespaces(err)
	} else if r.now, err = r.side(ctx, req.Object); err != nil {
		return nil, err
	}
	r.failBroken()
	if req.Old != nil {
		// The stored object is only compared with: where it cannot be read, everything counts as new.
		old := &review{
			gate: g, set: r.set, at: r.at, referring: r.referring, req: Request{Operation: Update, Object: req.Old},
		}
		if r.before, err = old.side(ctx, req.Old); err != nil || len(old.failures) > 0 {
			r.before = side{object: req.Old}
		}
	}
	r.changes = r.pinnable()
	return r, nil
}

func (r *review) side(ctx context.Context, obj *unstructured.Unstructured) (side, error) {
	s := side{object: obj}
	var err error
	if s.subject, err = r.gate.subject(ctx, obj); err != nil {
		r.failNamespaces(err)
		return s, nil
	}
	s.policies = r.set.Match(with(s.subject, r.referring))
	sources, err := flux.Sources(ctx, obj, r.gate.options.Lookup)
	var bad *flux.ObjectError
	switch {
	case err == nil:
		s.sources = sources
	case errors.As(err, &bad):
		return s, err
	default:
		r.failAll(s.policies, Failure{
			Path:    "spec",
			Class:   "lookup",
			Message: "an object that it refers to could not be read; try again",
			Err:     err,
			blind:   true,
		})
	}
	return s, nil
}

// failNamespaces makes the review undecided, whatever policies there are.
func (r *review) failNamespaces(err error) {
	r.fail(Failure{
		OnError: policy.Deny,
		Path:    "metadata.namespace",
		Class:   "namespace",
		Message: "the labels of its namespaces could not be read, so that it is unknown which policies match; try again",
		Err:     err,
		blind:   true,
	})
}

// subject gathers the namespaces that an object is judged for by itself: its own and its targetNamespace.
func (g *Gate) subject(ctx context.Context, obj *unstructured.Unstructured) (policy.Subject, error) {
	names := flux.Namespaces(obj)
	subject := policy.Subject{Kind: obj.GetKind(), Namespaces: make([]policy.Namespace, 0, len(names))}
	for _, name := range names {
		labels, err := g.options.Namespaces.Labels(ctx, name)
		if err != nil {
			return policy.Subject{}, fmt.Errorf("labels of namespace %s: %w", name, err)
		}
		subject.Namespaces = append(subject.Namespaces, policy.Namespace{Name: name, Labels: labels})
	}
	return subject, nil
}

// pinnable pairs each source that can be pinned with its stored counterpart. To a policy that did not match before, as
// where a targetNamespace changes, the source is new.
func (r *review) pinnable() map[int]pin.Change {
	changes := map[int]pin.Change{}
	for i, s := range r.now.sources {
		if !s.Pinnable() {
			continue
		}
		change := pin.Change{New: r.now.object, Old: r.before.object, Source: s}
		if !r.newlyMatched() {
			change.OldSource = sourceAt(r.before.sources, s.Path)
		}
		changes[i] = change
	}
	return changes
}

// newlyMatched reports whether a policy matches the object that does not match the stored one.
func (r *review) newlyMatched() bool {
	return slices.ContainsFunc(r.now.policies, func(p *policy.Policy) bool { return !slices.Contains(r.before.policies, p) })
}

func sourceAt(sources []flux.Source, path string) *flux.Source {
	for i := range sources {
		if sources[i].Path == path {
			return &sources[i]
		}
	}
	return nil
}

// operation is the request's as rules read it.
func (s side) operation(r *review) string {
	if s.object == r.req.Object {
		return string(r.req.Operation)
	}
	return string(Update)
}
