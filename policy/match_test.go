package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
)

func TestMatch(t *testing.T) {
	namespaces := func(names ...string) []Namespace {
		var all []Namespace
		for _, name := range names {
			all = append(all, Namespace{Name: name})
		}
		return all
	}
	labelled := []Namespace{{Name: "shop", Labels: map[string]string{"environment": "production"}}}
	for name, c := range map[string]struct {
		match   string
		subject Subject
		want    bool
	}{
		"an empty match selects everything":      {`{}`, Subject{"OCIRepository", namespaces("any")}, true},
		"a name":                                 {`{namespaces: [prod]}`, Subject{"OCIRepository", namespaces("prod")}, true},
		"a name matches whole":                   {`{namespaces: [prod]}`, Subject{"OCIRepository", namespaces("prod-1")}, false},
		"a glob":                                 {`{namespaces: ["prod-*"]}`, Subject{"OCIRepository", namespaces("prod-1")}, true},
		"a glob matches whole":                   {`{namespaces: ["prod-*"]}`, Subject{"OCIRepository", namespaces("my-prod-1")}, false},
		"a question mark is one character":       {`{namespaces: ["prod-?"]}`, Subject{"OCIRepository", namespaces("prod-12")}, false},
		"a label":                                {`{namespaceSelector: {matchLabels: {environment: production}}}`, Subject{"OCIRepository", labelled}, true},
		"another label":                          {`{namespaceSelector: {matchLabels: {environment: test}}}`, Subject{"OCIRepository", labelled}, false},
		"no label":                               {`{namespaceSelector: {matchLabels: {environment: production}}}`, Subject{"OCIRepository", namespaces("shop")}, false},
		"an empty selector selects everything":   {`{namespaces: [prod], namespaceSelector: {}}`, Subject{"OCIRepository", namespaces("any")}, true},
		"name or label: the name":                {`{namespaces: [shop], namespaceSelector: {matchLabels: {a: b}}}`, Subject{"OCIRepository", labelled}, true},
		"name or label: the label":               {`{namespaces: [prod], namespaceSelector: {matchLabels: {environment: production}}}`, Subject{"OCIRepository", labelled}, true},
		"and kind":                               {`{namespaces: [prod], kinds: [HelmRelease]}`, Subject{"OCIRepository", namespaces("prod")}, false},
		"and one of the kinds":                   {`{kinds: [HelmRelease, OCIRepository]}`, Subject{"OCIRepository", namespaces("prod")}, true},
		"minus excluded names":                   {`{namespaces: ["prod-*"], excludedNamespaces: [prod-1]}`, Subject{"OCIRepository", namespaces("prod-1")}, false},
		"minus excluded globs":                   {`{excludedNamespaces: ["kube-*"]}`, Subject{"OCIRepository", namespaces("kube-system")}, false},
		"the target namespace is judged too":     {`{namespaces: [prod]}`, Subject{"HelmRelease", namespaces("lax", "prod")}, true},
		"an excluded own namespace is no excuse": {`{excludedNamespaces: [lax]}`, Subject{"HelmRelease", namespaces("lax", "prod")}, true},
		"an excluded target is no excuse":        {`{excludedNamespaces: [lax]}`, Subject{"HelmRelease", namespaces("prod", "lax")}, true},
		"excluded and not selected":              {`{namespaces: [lax], excludedNamespaces: [lax]}`, Subject{"HelmRelease", namespaces("lax", "prod")}, false},
		"no namespace, and all are selected":     {`{}`, Subject{Kind: "HelmRelease"}, true},
		"no namespace, and some are selected":    {`{namespaces: ["*"]}`, Subject{Kind: "HelmRelease"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse("p.yaml", []byte(head+"  match: "+c.match+"\n  rules: [{rule: canonical-url}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := len(set.Match(c.subject)) == 1; got != c.want {
				t.Errorf("matches %v: %v, want %v", c.subject, got, c.want)
			}
		})
	}
}

func TestMatchIsSortedByName(t *testing.T) {
	text := ""
	for _, name := range []string{"b", "c", "a"} {
		text += "---\n" + strings.Replace(head, "name: p", "name: "+name, 1) + "  rules: [{rule: canonical-url}]\n"
	}
	set, err := Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range set.Match(Subject{"OCIRepository", []Namespace{{Name: "x"}}}) {
		got = append(got, p.Name())
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error("(-want +got):\n", diff)
	}
}

func TestPins(t *testing.T) {
	refs := map[string]flux.Ref{
		"a tag":              {Tag: "v1"},
		"latest":             {Tag: "latest"},
		"nothing":            {},
		"a range":            {Semver: ">=1"},
		"a range and a tag":  {Semver: ">=1", Tag: "v1"},
		"a digest and a tag": {Tag: "v1", Digest: "sha256:aa"},
		"a digest by itself": {Digest: "sha256:aa"},
	}
	for name, c := range map[string]struct {
		pin  string
		want map[string]PinMode
	}{
		"absent keys pin nothing": {`{}`, map[string]PinMode{}},
		"tags": {`{tags: OnChange, semver: Never}`, map[string]PinMode{
			"a tag": PinOnChange, "a digest and a tag": PinOnChange,
		}},
		"latest": {`{latest: OnChange}`, map[string]PinMode{
			"latest": PinOnChange, "nothing": PinOnChange, "a digest by itself": PinOnChange,
		}},
		"semver": {`{semver: OnChange}`, map[string]PinMode{
			"a range": PinOnChange, "a range and a tag": PinOnChange,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, head+"  pin: "+c.pin+"\n  rules: [{rule: canonical-url}]\n")
			got := map[string]PinMode{}
			for ref, r := range refs {
				if mode := p.Pins(r); mode != PinNever {
					got[ref] = mode
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
		})
	}
}

func TestWhatAPolicySaysOfItself(t *testing.T) {
	type facts struct {
		Action, OnError, Failing                       Action
		AllowList, Existing, NeedsFacts, PinsSomething bool
	}
	for name, c := range map[string]struct {
		spec string
		want facts
	}{
		"the strictest is the default": {
			"  rules: [{rule: canonical-url}]\n",
			facts{Action: Deny, OnError: Deny, Failing: Deny},
		},
		"Allow on errors is told as Audit": {
			"  onError: Allow\n  rules: [{rule: digest-matches-ref}]\n",
			facts{Action: Deny, OnError: Audit, Failing: Audit, NeedsFacts: true},
		},
		"a policy that only audits refuses nothing": {
			"  action: Audit\n  pin: {tags: OnChange, existing: true}\n",
			facts{Action: Audit, OnError: Deny, Failing: Audit, Existing: true, PinsSomething: true},
		},
		"a rule's action counts": {
			"  action: Audit\n  onError: Warn\n  rules: [{rule: registry-allowlist, action: Deny, params: {allow: [ghcr.io/**]}}]\n",
			facts{Action: Audit, OnError: Warn, Failing: Warn, AllowList: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustParse(t, head+c.spec)
			got := facts{p.Action(), p.OnError(), p.Failing(time.Time{}), p.HasAllowList(), p.PinExisting(), p.NeedsFacts(), p.PinsAnything()}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
		})
	}
}
