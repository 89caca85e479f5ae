package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/fluxgate/fluxgate/flux"
)

// TestInputDocument is what INPUT.md promises to the authors of rules.
func TestInputDocument(t *testing.T) {
	review := pinned()
	review.ServiceAccountName, review.ChartInterval = "deployer", "5m"
	review.Sources[0].Ref.Semver, review.Sources[0].Ref.SemverFilter = ">=1", ".*"
	review.Sources[0].MediaType, review.Sources[0].Chart = "m", "c"
	review.Sources[0].CertSecretRef, review.Sources[0].ProxySecretRef = "ca", "proxy"
	review.Sources[0].ServiceAccountName, review.Sources[0].Insecure = "sa", true
	review.Sources[0].Pending = true
	review.Sources[0].Verify = &flux.Verify{
		TrustedRootSecretRef: "root", Identities: []flux.Identity{{Issuer: "i", Subject: "s"}},
	}
	key := &flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository"}
	key.Namespace, key.Name = "apps", "base"
	review.Sources[0].Origin = key
	review.Sources = append(review.Sources, SourceReview{Source: flux.Source{
		Form: flux.FormMissing, Path: "spec.chartRef", Problem: "p",
	}})
	in := NewInput(review)
	params := ast.ObjectTerm(ast.Item(ast.StringTerm("forbid-tags"), ast.ObjectTerm()))
	value, err := ast.JSON(in.with(params, ast.ObjectTerm()))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/input.json", string(text)+"\n")
}

// TestEveryRuleAtOnce: one answer carries every rule that is broken, in a fixed order, each with its own action.
func TestEveryRuleAtOnce(t *testing.T) {
	p := mustParse(t, strings.Replace(everyRule, "- rule: forbid-insecure", "- rule: forbid-insecure\n      action: Warn", 1))
	review := pinned()
	source := &review.Sources[0]
	source.Repository, source.Insecure, source.Verify = flux.Repository{Host: "10.0.0.1", Path: "x"}, true, nil
	source.Ref.Tag, source.Resolved.Digest = "latest", "sha256:cc"
	in := NewInput(review)
	type brief struct {
		Rule   string
		Action Action
		Path   string
	}
	var got []brief
	for _, phase := range []Phase{Static, Facts} {
		violations, err := p.Evaluate(t.Context(), in, phase)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			got = append(got, brief{v.Rule, v.Action, v.Path})
		}
	}
	want := []brief{
		{"forbid-insecure", Warn, "spec.insecure"},
		{"forbid-insecure", Warn, "spec.url"},
		{"forbid-tags", Deny, "spec.ref.tag"},
		{"forbid-transport-overrides", Deny, "spec.insecure"},
		{"registry-allowlist", Deny, "spec.url"},
		{"require-verify", Deny, "spec.verify"},
		{"verify-identity", Deny, "spec.verify"},
		{"digest-matches-ref", Deny, "spec.ref.digest"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("(-want +got):\n", diff)
	}
}

// TestMessagesAreOneLine: what a tenant writes reaches terminals, logs and warnings.
func TestMessagesAreOneLine(t *testing.T) {
	for name, c := range map[string]struct{ give, want string }{
		"plain text":              {"tag v1 is forbidden", "tag v1 is forbidden"},
		"letters of all scripts":  {"größe 名前", "größe 名前"},
		"a line break":            {"a\nb\rc", `a\u000ab\u000dc`},
		"an escape sequence":      {"\x1b[31mred", `\u001b[31mred`},
		"text turned around":      {"a\u202eb", `a\u202eb`},
		"no UTF-8":                {"a\xffb", `a\ufffdb`},
		"a cut within a letter":   {strings.Repeat("a", maxTextLength-1) + "é", strings.Repeat("a", maxTextLength-1) + "…"},
		"a text of the limit":     {strings.Repeat("a", maxTextLength), strings.Repeat("a", maxTextLength)},
		"a text without an end":   {strings.Repeat("a", 1<<20), strings.Repeat("a", maxTextLength) + "…"},
		"only continuation bytes": {strings.Repeat("\x80", maxTextLength+1), "…"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, clean(c.give)); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
		})
	}
}

// TestDefaultPolicy judges production, pins tags, and leaves the allow-list to the administrator.
func TestDefaultPolicy(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	production := map[string]string{"environment": "production"}
	for name, c := range map[string]struct {
		namespace Namespace
		want      bool
	}{
		"prod":               {Namespace{Name: "prod"}, true},
		"prod-*":             {Namespace{Name: "prod-shop"}, true},
		"*-prod":             {Namespace{Name: "shop-prod"}, true},
		"production":         {Namespace{Name: "production"}, true},
		"by label":           {Namespace{Name: "shop", Labels: production}, true},
		"by the short label": {Namespace{Name: "shop", Labels: map[string]string{"environment": "prod"}}, true},
		"another":            {Namespace{Name: "product"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			matched := set.Match(Subject{"OCIRepository", []Namespace{c.namespace}})
			if got := len(matched) == 1; got != c.want {
				t.Errorf("judged: %v, want %v", got, c.want)
			}
		})
	}
	p := set.Policies()[0]
	var rules []string
	for _, r := range p.rules {
		rules = append(rules, r.Name)
	}
	want := []string{"canonical-url", "require-verify", "require-digest", "digest-matches-ref", "forbid-insecure"}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error("rules (-want +got):\n", diff)
	}
	pins := []PinMode{p.Pins(flux.Ref{Tag: "v1"}), p.Pins(flux.Ref{}), p.Pins(flux.Ref{Semver: "1"})}
	if diff := cmp.Diff([]PinMode{PinOnChange, PinOnChange, PinNever}, pins); diff != "" {
		t.Error("pins (-want +got):\n", diff)
	}
	if p.HasAllowList() || !strings.Contains(string(defaultPolicy), "administrator's to say") {
		t.Error("the allow-list is the administrator's, and the policy must say so")
	}
}
