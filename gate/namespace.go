package gate

import (
	"context"
	"fmt"
	"maps"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// RuleNamespaceGuard is broken by a change of a Namespace's labels that takes it out of a policy.
const RuleNamespaceGuard = "namespace-guard"

// NamespaceChange is an update of a Namespace.
type NamespaceChange struct {
	Name string
	// Was and Is are the labels before and after.
	Was, Is map[string]string
	// Bypass reports whether the user may bypass a policy; nil means that nobody may.
	Bypass Bypass
}

// GuardNamespace judges a change of labels: who is cluster-admin in a namespace owns its labels, and must not leave a policy
// by them. A policy that only warns or audits does no more here.
func (g *Gate) GuardNamespace(ctx context.Context, change NamespaceChange) Decision {
	if maps.Equal(change.Was, change.Is) {
		return Decision{Verdict: Allow, Skipped: skipUnchanged}
	}
	r := &review{gate: g, req: Request{Bypass: change.Bypass}, at: g.options.Now(), bypassed: map[string]bool{}}
	var found []policy.Violation
	for _, p := range g.options.Policies().Policies() {
		left := p.Selects(policy.Namespace{Name: change.Name, Labels: change.Was}) &&
			!p.Selects(policy.Namespace{Name: change.Name, Labels: change.Is})
		if !left {
			continue
		}
		found = append(found, policy.Violation{
			Policy: p.Name(), Rule: RuleNamespaceGuard, Action: p.Strictest(r.at), Path: "metadata.labels", Source: -1,
			Message:     fmt.Sprintf("the policy selects namespace %s by its labels, and this change would take it out", flux.Plain(change.Name)),
			Remediation: "keep the labels, or leave the change to somebody who may bypass the SourcePolicy " + flux.Plain(p.Name()),
		})
	}
	return r.decide(ctx, r.bypass(ctx, found))
}
