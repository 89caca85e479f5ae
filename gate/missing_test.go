package gate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/policy"
)

// anything is a policy of everything, with more of its spec.
func anything(name, more string) string {
	return "---\napiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: " + name + "}\nspec:\n  rules: [{rule: forbid-insecure}]\n" + more
}

func TestAMissingSourceFollowsThePolicy(t *testing.T) {
	const app = `{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app, namespace: lax}, spec: {url: "oci://ghcr.io/acme/app"}}`
	is := leaning("prod", "")
	at := func(policy, action string) string { return policy + "/missing-source=" + action + " at spec.chartRef" }
	tests := map[string]struct {
		policies string
		objects  []string
		was, is  string
		want     outcome
	}{
		"a policy that says nothing of it warns": {
			policies: anything("plain", ""), is: is, want: outcome{Verdict: "warn", Violations: []string{at("plain", "Warn")}}},
		"a policy that audits only reports it": {
			policies: anything("plain", "  action: Audit\n"), is: is, want: outcome{Verdict: "allow", Violations: []string{at("plain", "Audit")}}},
		"a policy that demands it refuses": {
			policies: anything("ordered", "  missingSources: Deny\n"), is: is, want: outcome{Verdict: "deny", Violations: []string{at("ordered", "Deny")}}},
		"each policy speaks for itself, strictest first": {
			policies: anything("a", "  missingSources: Audit\n") + anything("b", "") + anything("c", "  action: Audit\n  missingSources: Deny\n"), is: is,
			want: outcome{Verdict: "deny", Violations: []string{at("c", "Deny"), at("b", "Warn"), at("a", "Audit")}}},
		"a source that is there is not missing": {
			policies: anything("ordered", "  missingSources: Deny\n"), objects: []string{app}, is: is, want: outcome{Verdict: "allow"}},
		"without a policy nothing is said": {
			policies: anything("other", "  match: {namespaces: [dev]}\n"), is: is, want: outcome{Verdict: "allow", Skipped: "no policy matches"}},
		"a Git source is nobody's to judge, and not missing": {
			policies: anything("ordered", "  missingSources: Deny\n"), is: applied(""), want: outcome{Verdict: "allow"}},
		"a source that was missing before does not freeze what refers to it": {
			policies: anything("ordered", "  missingSources: Deny\n"), was: is, is: leaning("prod", ", interval: 5m"),
			want: outcome{Verdict: "warn", Violations: []string{at("ordered", "Warn")}}},
		"another source that is missing": {
			policies: anything("ordered", "  missingSources: Deny\n"), was: strings.Replace(is, "name: app, namespace: lax", "name: old, namespace: lax", 1), is: is,
			want: outcome{Verdict: "deny", Violations: []string{at("ordered", "Deny")}}},
		"a release that is resumed": {
			policies: anything("ordered", "  missingSources: Deny\n"), was: leaning("prod", ", suspend: true"), is: is,
			want: outcome{Verdict: "deny", Violations: []string{at("ordered", "Deny")}}},
		"a release that moves to a namespace with a policy": {
			policies: anything("ordered", "  missingSources: Deny\n  match: {namespaces: [live]}\n"), was: is, is: leaning("prod", ", targetNamespace: live"),
			want: outcome{Verdict: "deny", Violations: []string{at("ordered", "Deny")}}},
		"nobody is asked about what is denied for it": {
			policies: anything("ordered", "  missingSources: Deny\n  pin: {tags: OnChange}\n"),
			is: `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: prod}, spec: {
  chart: {kind: OCIRepository, spec: {url: "oci://ghcr.io/acme/app", ref: {tag: v1}}}, chartRef: {kind: OCIRepository, name: app}}}`,
			want: outcome{Verdict: "deny", Violations: []string{at("ordered", "Deny")}}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, objects: test.objects}
			got, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}

func TestAMissingSourceIsNamedToThoseWhoKnowOfIt(t *testing.T) {
	const chart = `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: app, namespace: lax}, spec: {chart: app, sourceRef: {kind: HelmRepository, name: hidden}}}`
	byChart := strings.Replace(leaning("prod", ""), "kind: OCIRepository", "kind: HelmChart", 1)
	tests := map[string]struct{ is, want string }{
		"it is named by the object":      {leaning("prod", ""), "OCIRepository lax/app does not exist yet"},
		"a HelmChart of one's own names": {strings.Replace(byChart, "namespace: prod", "namespace: lax", 1), "HelmRepository lax/hidden does not exist yet"},
		"a HelmChart of others names it": {byChart, "what it refers to leads to a source that does not exist yet"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: anything("plain", ""), objects: []string{chart}}
			got, err := w.gate().Validate(t.Context(), request(t, "", test.is))
			if err != nil {
				t.Fatal(err)
			}
			want := []policy.Violation{{
				Policy: "plain", Rule: "missing-source", Action: policy.Warn, Path: "spec.chartRef",
				Message:     test.want + ", so nothing of it could be judged",
				Remediation: "apply it first; at the latest it is judged when it is created, for this object's namespaces too",
			}}
			if diff := cmp.Diff(want, got.Violations); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}
