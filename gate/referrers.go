package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// Referrers tells for which namespaces a source is pulled, so that a lax namespace is no way round the policies of the one
// that leans on it.
type Referrers interface {
	// Referring returns the namespaces whose objects refer to the source, be it through a HelmChart, sorted by name. It
	// returns an error only where their labels could not be told.
	Referring(ctx context.Context, source flux.Key) ([]policy.Namespace, error)
}

// ReferrersFunc adapts a function to Referrers.
type ReferrersFunc func(ctx context.Context, source flux.Key) ([]policy.Namespace, error)

// Referring calls f.
func (f ReferrersFunc) Referring(ctx context.Context, source flux.Key) ([]policy.Namespace, error) {
	return f(ctx, source)
}

// maxNamespacesNamed is how many namespaces a note names; the rest is counted.
const maxNamespacesNamed = 3

// referring gives the namespaces that refer to an object. To one without a name nobody can refer yet.
func (g *Gate) referring(ctx context.Context, obj *unstructured.Unstructured) ([]policy.Namespace, error) {
	if g.options.Referrers == nil || obj.GetName() == "" || !flux.CanBeSource(obj.GroupVersionKind().GroupKind()) {
		return nil, nil
	}
	referring, err := g.options.Referrers.Referring(ctx, flux.KeyOf(obj))
	if err != nil {
		return nil, fmt.Errorf("namespaces that refer to it: %w", err)
	}
	return referring, nil
}

// with adds namespaces to a subject.
func with(s policy.Subject, namespaces []policy.Namespace) policy.Subject {
	if len(namespaces) > 0 {
		s.Namespaces = slices.Concat(s.Namespaces, namespaces)
	}
	return s
}

// noteReferring says for which other namespaces the object is judged, where policies match it for no other reason: its
// author cannot see from it why they do.
func (r *review) noteReferring() {
	if len(r.referring) == 0 {
		return
	}
	own := r.set.Match(r.now.subject)
	if len(own) == len(r.now.policies) {
		return
	}
	var names []string
	for _, namespace := range r.referring {
		alone := policy.Subject{Kind: r.now.subject.Kind, Namespaces: []policy.Namespace{namespace}}
		if slices.ContainsFunc(r.set.Match(alone), func(p *policy.Policy) bool { return !slices.Contains(own, p) }) {
			names = append(names, flux.Plain(namespace.Name))
		}
	}
	r.notes = append(r.notes, Note{Path: "metadata.namespace", Message: judgedFor(names)})
}

// judgedFor is "judged for namespaces a, b and 7 more too, whose objects refer to it".
func judgedFor(names []string) string {
	what := "namespace"
	if len(names) > 1 {
		what = "namespaces"
	}
	shown := names[:min(len(names), maxNamespacesNamed)]
	more := len(names) - len(shown)
	list := strings.Join(shown, ", ")
	switch last := len(shown) - 1; {
	case more > 0:
		list += fmt.Sprintf(" and %d more", more)
	case last > 0:
		list = strings.Join(shown[:last], ", ") + " and " + shown[last]
	}
	return fmt.Sprintf("judged for %s %s too, whose objects refer to it", what, list)
}
