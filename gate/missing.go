package gate

import (
	"context"
	"slices"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// RuleMissingSource is broken by a reference to a source that does not exist, of which nothing can be judged. What follows is
// spec.missingSources of the policy. The gate judges it itself, beside its pins: it is about what the rules do not see.
const RuleMissingSource = "missing-source"

// static are the violations that can be told before anything is dialled: those of the static rules, and missing sources.
func (r *review) static(ctx context.Context, j judgement) []policy.Violation {
	return append(r.evaluate(ctx, j, policy.Static), j.side.absent()...)
}

// absent are the violations of the policies by references that lead nowhere.
func (s *side) absent() []policy.Violation {
	var found []policy.Violation
	for i, source := range s.sources {
		if source.Form != flux.FormMissing {
			continue
		}
		for _, p := range s.policies {
			found = append(found, policy.Violation{
				Policy: p.Name(), Rule: RuleMissingSource, Action: p.MissingSources(), Path: source.Path, Source: i,
				Message:     s.leadsNowhere(source) + ", so nothing of it could be judged",
				Remediation: "apply it first; at the latest it is judged when it is created, for this object's namespaces too",
			})
		}
	}
	return found
}

// leadsNowhere names what is missing, but not where that is only known from an object of another namespace: whoever may
// refer to that one need not be allowed to read it.
func (s *side) leadsNowhere(source flux.Source) string {
	if source.Origin.Namespace == s.object.GetNamespace() || slices.Contains(flux.References(s.object), *source.Origin) {
		return referent(source) + " does not exist yet"
	}
	return "what it refers to leads to a source that does not exist yet"
}
