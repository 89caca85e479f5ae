package gate_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/gate"
)

func TestTheNamespaceGuard(t *testing.T) {
	labelled := func(name, labels, more string) string {
		return "---\napiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: " + name + "}\nspec:\n" +
			"  match: {namespaceSelector: {matchLabels: {" + labels + "}}}\n  rules: [{rule: require-verify}]\n" + more
	}
	prod, none := map[string]string{"env": "prod", "team": "a"}, map[string]string(nil)
	denied := []string{"prod/namespace-guard=Deny at metadata.labels"}
	tests := map[string]struct {
		policies string
		held     map[string]any
		was, is  map[string]string
		want     passed
	}{
		"labels that leave a policy": {labelled("prod", "env: prod", ""), map[string]any{"prod": false}, prod, none,
			passed{outcome{Verdict: "deny", Violations: denied}, []string{"prod"}, nil}},
		"a changed value leaves it too": {labelled("prod", "env: prod", ""), map[string]any{"prod": false}, prod, map[string]string{"env": "dev"},
			passed{outcome{Verdict: "deny", Violations: denied}, []string{"prod"}, nil}},
		"a user who may bypass the policy": {labelled("prod", "env: prod", ""), map[string]any{"prod": true}, prod, none,
			passed{outcome{Verdict: "warn", Violations: []string{"prod/namespace-guard=Warn at metadata.labels"}}, []string{"prod"}, []string{"prod"}}},
		"a right that could not be told is none": {labelled("prod", "env: prod", ""), map[string]any{"prod": errors.New("away")}, prod, none,
			passed{outcome{Verdict: "deny", Violations: denied, Failures: []string{"prod/access=Audit at metadata"}}, []string{"prod"}, nil}},
		"one policy of two is left, and one that only warns": {
			labelled("prod", "env: prod", "") + labelled("team", "team: a", "") + labelled("lax", "env: prod", "  action: Warn\n"),
			map[string]any{"prod": false}, prod, map[string]string{"team": "a"},
			passed{outcome{Verdict: "deny", Violations: append(denied[:1:1], "lax/namespace-guard=Warn at metadata.labels")}, []string{"prod"}, nil}},
		"a policy that audits": {labelled("prod", "env: prod", "  action: Audit\n"), nil, prod, none,
			passed{outcome{Verdict: "allow", Violations: []string{"prod/namespace-guard=Audit at metadata.labels"}}, nil, nil}},
		"a policy that denies from tomorrow on": {labelled("prod", "env: prod", "  enforceFrom: 2026-11-25T00:00:00Z\n"), nil, prod, none,
			passed{outcome{Verdict: "warn", Violations: []string{"prod/namespace-guard=Warn at metadata.labels"}}, nil, nil}},
		"labels that no policy reads": {labelled("prod", "env: prod", ""), nil, prod, map[string]string{"env": "prod"},
			passed{outcome: outcome{Verdict: "allow"}}},
		"labels that a policy begins to select by": {labelled("prod", "env: prod", ""), nil, none, prod,
			passed{outcome: outcome{Verdict: "allow"}}},
		"a policy that selects the namespace by its name too": {
			strings.Replace(labelled("prod", "env: prod", ""), "match: {", "match: {namespaces: [shop], ", 1), nil, prod, none,
			passed{outcome: outcome{Verdict: "allow"}}},
		"a policy that excludes the namespace": {
			strings.Replace(labelled("prod", "env: prod", ""), "match: {", "match: {excludedNamespaces: [shop], ", 1), nil, prod, none,
			passed{outcome: outcome{Verdict: "allow"}}},
		"labels that are the same": {labelled("prod", "env: prod", ""), nil, prod, map[string]string{"team": "a", "env": "prod"},
			passed{outcome: outcome{Verdict: "allow", Skipped: "unchanged"}}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, now: noon}
			user := &rights{t: t, held: test.held}
			got := w.gate().GuardNamespace(t.Context(), gate.NamespaceChange{Name: "shop", Was: test.was, Is: test.is, Bypass: user.ask})
			if diff := cmp.Diff(test.want, passed{outcomeOf(got, w), user.asked, got.Bypassed}, cmp.AllowUnexported(passed{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}

func TestTheNamespaceGuardSaysWhatWouldPass(t *testing.T) {
	w := &world{t: t, policies: "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: prod}\nspec:\n" +
		"  match: {namespaceSelector: {matchLabels: {env: prod}}}\n  rules: [{rule: require-verify}]\n"}
	got := w.gate().GuardNamespace(t.Context(), gate.NamespaceChange{Name: "shop", Was: map[string]string{"env": "prod"}})
	if got.Verdict != gate.Deny || len(got.Violations) != 1 {
		t.Fatalf("got %+v, want one denial: nobody may bypass anything", got)
	}
	want := "[prod/namespace-guard] metadata.labels: the policy selects namespace shop by its labels, and this change would take it out; " +
		"keep the labels, or leave the change to somebody who may bypass the SourcePolicy prod"
	if diff := cmp.Diff(want, got.Violations[0].String()); diff != "" {
		t.Errorf("violation (-want +got):\n%s", diff)
	}
}
