package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// head begins a policy; the rest is its spec.
const head = `apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: p}
spec:
`

// exceptionHead begins an exception; the rest is of its spec.
const exceptionHead = `apiVersion: fluxgate.dev/v1alpha1
kind: PolicyException
metadata: {name: e, namespace: prod}
spec:
`

// regoEntry is an entry of spec.rego.
func regoEntry(name, module string) string {
	return "  - name: " + name + "\n    module: " + strconv.Quote(module) + "\n"
}

// TestLoadErrors has a golden for every sentence that an administrator can read.
func TestLoadErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty":                  "",
		"only comments":          "# nothing\n---\n# more nothing\n",
		"not YAML":               "a: [",
		"a list":                 "- a\n",
		"only tests":             "apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\n",
		"a test of another time": "apiVersion: fluxgate.dev/v2\nkind: PolicyTest\n",
		"a key twice":            head + "  action: Deny\n  action: Warn\n  rules: [{rule: canonical-url}]\n",
		"another kind":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
		"no kind":                "spec: {}\n",
		"another version":        strings.Replace(head, "v1alpha1", "v1", 1) + "  rules: [{rule: canonical-url}]\n",
		"a status":               head + "  rules: [{rule: canonical-url}]\nstatus: {}\n",
		"enforceFrom no date":    head + "  enforceFrom: tomorrow\n  missingSources: Never\n  rules: [{rule: canonical-url}]\n",
		"a bad exception":        exceptionHead + "  names: [\"Pod\", \"A/x\", \"prod/\"]\n  kinds: [Pod]\n",
		"an exception of nobody": "apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: e}\nspec: {policy: \"P p\", rules: [x], names: [\"*\"], reason: \" \", until: \"2026-12-31\"}\n",
		"a rego rule's name":     head + "  rego:\n  - {name: require-verify, module: \"\"}\n  - {name: pin, module: \"\"}\n  - {name: Team_Label, module: \"\"}\n  - {module: \"\"}\n",
		"rego that is no rule":   head + "  rego:\n" + regoEntry("empty", "") + regoEntry("other", "package fluxgate.rules.other\nviolations contains 1") + regoEntry("silent", "package fluxgate.custom.silent\nallow := true") + regoEntry("whole", "package fluxgate.custom.whole\nviolations := {1}"),
		"rego with errors":       head + "  rego:\n" + regoEntry("syntax", "package fluxgate.custom.syntax\n\nviolations contains { if") + regoEntry("net", "package fluxgate.custom.net\n\nviolations contains v if {\n  v := http.send({\"method\": \"get\", \"url\": \"http://x\"})\n}") + regoEntry("unsafe", "package fluxgate.custom.unsafe\n\nviolations contains x if not x") + regoEntry("unused", "package fluxgate.custom.unused\n\nviolations contains 1 if {\n  y := 2\n}") + regoEntry("types", "package fluxgate.custom.types\n\nviolations contains concat(1, [])") + regoEntry("huge", "package fluxgate.custom.huge\n\nviolations contains 1e999999999"),
		"rego reads another":     head + "  rego:\n" + regoEntry("one", "package fluxgate.custom.one\n\nimport data.fluxgate.custom.two\n\nviolations contains v if some v in two.violations") + regoEntry("two", "package fluxgate.custom.two\n\nviolations contains x if {\n  x := input.x\n}"),
		"rego params":            head + "  rego:\n  - name: labelled\n    params: {key: 1, more: 2}\n    module: |\n      # METADATA\n      # title: t\n      # custom:\n      #   params: {type: object, additionalProperties: false, properties: {key: {type: string}}}\n      package fluxgate.custom.labelled\n\n      violations contains input.params.labelled.key\n",
		"nothing to judge":       head + "  action: Deny\n",
		"no name":                strings.Replace(head, "name: p", "labels: {}", 1) + "  rules: [{rule: canonical-url}]\n",
		"a bad name and place":   strings.Replace(head, "name: p", "name: P_1, namespace: prod", 1) + "  rules: [{rule: canonical-url}]\n",
		"unknown fields":         head + "  ruels: []\n  Rules: []\n  zzzzzzzzzzzz: 1\n  match: {namespace: [a]}\n  rules: [{rule: canonical-url, parms: {}}]\nmetdata: {}\n",
		"wrong types":            head + "  match: {namespaces: prod, kinds: [1, OCIRepository]}\n  action: 5\n  pin: []\n  exceptions: {rules: [canonical-url], maxDuration: soon}\n  rules: [{rule: true}, canonical-url]\n",
		"unknown names":          head + "  match: {kinds: [OciRepository, Deployment]}\n  action: deny\n  onError: Audit\n  pin: {tags: Always, latest: onchange}\n  exceptions: {rules: [require-verfy]}\n  rules: [{rule: registry-allow-list}, {rule: canonical-url, action: Block}, {rule: xyz}]\n",
		"bad globs":              head + "  match: {namespaces: [\"Prod\", \"a/*\", \"\", \"a[bc]\"], excludedNamespaces: [\"a b\"]}\n  rules: [{rule: canonical-url}]\n",
		"a bad selector":         head + "  match: {namespaceSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}\n  rules: [{rule: canonical-url}]\n",
		"a bad label":            head + "  match: {namespaceSelector: {matchLabels: {\"a b\": c}}}\n  rules: [{rule: canonical-url}]\n",
		"existing pins nothing":  head + "  pin: {existing: true}\n",
		"a rule twice":           head + "  rules: [{rule: forbid-tags}, {rule: forbid-tags, action: Warn}]\n",
		"a rule without name":    head + "  rules: [{action: Deny}, {}]\n",
		"empty exceptions":       head + "  exceptions: {rules: [], maxDuration: 1ms}\n  rules: [{rule: canonical-url}]\n",
		"no params":              head + "  rules: [{rule: registry-allowlist}]\n",
		"params of no object":    head + "  rules: [{rule: forbid-tags, params: [latest]}]\n",
		"params for none":        head + "  rules: [{rule: canonical-url, params: {allow: []}}]\n",
		"unknown params":         head + "  rules: [{rule: registry-allowlist, params: {alow: [\"ghcr.io/**\"]}}]\n",
		"params of wrong types":  head + "  rules: [{rule: registry-allowlist, params: {allow: ghcr.io}}, {rule: forbid-tags, params: {tags: [1, \"a b\", ok, ok]}}]\n",
		"unknown values":         head + "  rules: [{rule: require-verify, params: {providers: [cosing, gpg]}}]\n",
		"empty lists":            head + "  rules: [{rule: registry-allowlist, params: {allow: []}}, {rule: require-verify, params: {providers: []}}]\n",
		"patterns":               head + "  rules:\n  - rule: registry-allowlist\n    params: {allow: [GHCR.io/a/**, ghcr.io, index.docker.io/a/**, docker.io/nginx, oci://ghcr.io/a, acme/app, ghcr.io/**/x, \"ghcr.io/a b\", ghcr.io/(a|b), \"ghcr.io:443/a/**\", \"ghcr.io/ok/**\"]}\n",
		"bounds of nothing":      head + "  rules: [{rule: interval-bounds}, {rule: semver-bounds, params: {upperBound: false, prereleases: true}}, {rule: verify-identity}]\n",
		"bad bounds":             head + "  rules: [{rule: interval-bounds, params: {min: 2h, max: 1h}}]\n---\n" + strings.Replace(head, "name: p", "name: q", 1) + "  rules: [{rule: interval-bounds, params: {min: 5, max: 0s}}]\n---\n" + strings.Replace(head, "name: p", "name: r", 1) + "  rules: [{rule: interval-bounds, params: {min: 1d, max: \"999999h999999h999999h\"}}]\n---\n" + strings.Replace(head, "name: p", "name: s", 1) + "  rules: [{rule: interval-bounds, params: {min: 1d, max: 0s}}]\n",
		"bad trust":              head + "  rules:\n  - rule: verify-identity\n    params: {identities: [{issuer: \".*\", subject: \"(\"}, {issuer: \"^a$\"}, {issuer: \"\", subject: b}], keys: [\"SHA256:AA\", cosign.pub]}\n---\n" + strings.Replace(head, "name: p", "name: q", 1) + "  rules:\n  - rule: verify-identity\n    params: {identities: [{issuer: \".*\", subject: \"(\"}], keys: [\"SHA256:AA\", cosign.pub]}\n",
		"bad demands": head + "  signatures:\n" +
			"  - {name: Release, keys: [none]}\n  - {name: a, repositories: [ghcr.io], identities: [{issuer: i}]}\n" +
			"  - {name: a, action: deny, identities: [{issuer: i, issuerRegExp: j, subjectRegExp: \"(\"}, {issuer: i, subjectRegExp: \".*\"}, {issuer: i, subjectRegExp: \")|(\"}]}\n" +
			"  - {name: nobody}\n  - {name: none, clusterImagePolicies: {}}\n  - {name: both, keys: [x], clusterImagePolicies: {names: [\"*\"]}}\n" +
			"  - {name: rootless, keys: [], trustedRoot: x}\n  - {keys: [\"-----BEGIN PUBLIC KEY-----\\nAA==\\n-----END PUBLIC KEY-----\"]}\n",
		"what sigstore reads": head + "  signatures:\n" +
			"  - {name: rooted, trustedRoot: \"{}\", identities: [{issuer: i, subject: s}]}\n" +
			"  - {name: inline, clusterImagePolicies: {inline: [{kind: ClusterImagePolicy}]}}\n",
		"the same policy twice":  head + "  rules: [{rule: canonical-url}]\n---\n" + head + "  rules: [{rule: forbid-tags}]\n",
		"the second is wrong":    head + "  rules: [{rule: canonical-url}]\n---\n" + strings.Replace(head, "name: p", "name: q", 1) + "  rules: [{rule: forbid-tag}]\n",
		"hostile text":           head + "  rules: [{rule: \"a\\nb\\e[31m\u202e\"}]\n",
		"a missing spec":         "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\n",
		"a spec of another type": "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\nspec: everything\n",
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse("policy.yaml", []byte(text))
			if _, ok := errors.AsType[*LoadError](err); !ok || set != nil {
				t.Fatalf("got %v and %v, want no set and a *LoadError", set, err)
			}
			golden(t, filepath.Join("testdata", "load", strings.ReplaceAll(name, " ", "-")+".txt"), err.Error()+"\n")
		})
	}
}

// golden compares a text with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestTestsStandBesidePolicies: a folder may hold both.
func TestTestsStandBesidePolicies(t *testing.T) {
	set, err := Parse("policy.yaml", []byte("apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\ncases: []\n---\n"+head+"  rules: [{rule: canonical-url}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Policies()) != 1 {
		t.Errorf("got %d policies, want one", len(set.Policies()))
	}
}

func TestDecodeOne(t *testing.T) {
	type list struct {
		Names []string `json:"names"`
		Count int      `json:"count"`
	}
	for name, c := range map[string]struct{ text, want string }{
		"a slip in a field":      {"nmes: [a]", "list.yaml:3: nmes: unknown field: did you mean names?"},
		"another type":           {"count: many", "list.yaml:3: count: must be a number, is a string"},
		"a key twice":            {"count: 1\ncount: 2", `list.yaml:3: yaml: unmarshal errors: line 2: key "count" already set in map`},
		"nothing":                {"# nothing", "list.yaml:3: the document is empty"},
		"what it should be":      {"names: [a]\ncount: 1", ""},
		"what it should be, too": {"{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode[list]("list.yaml:3", []byte(c.text))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadErrorIsBounded(t *testing.T) {
	failed := &LoadError{Problems: make([]Problem, maxProblemsShown+3)}
	for i := range failed.Problems {
		failed.Problems[i] = Problem{File: "p.yaml", Path: "spec", Message: "is wrong"}
	}
	lines := strings.Split(failed.Error(), "\n")
	if len(lines) != maxProblemsShown+1 || lines[maxProblemsShown] != "and 3 more problems" {
		t.Errorf("got %d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

// TestLoadErrorFitsIntoAStatus: the message of a condition holds 32768 characters.
func TestLoadErrorFitsIntoAStatus(t *testing.T) {
	failed := &LoadError{Problems: make([]Problem, 40)}
	for i := range failed.Problems {
		failed.Problems[i] = Problem{Path: "spec", Message: strings.Repeat("x", 2000)}
	}
	said := failed.Error()
	if last := said[strings.LastIndexByte(said, '\n')+1:]; len(said) > 32768 || last != "and 9 more problems" {
		t.Errorf("got %d bytes, the last line is %q", len(said), last)
	}
}

// FuzzParse looks for a panic, and for a set with an error or without a policy.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everyRule))
	f.Add(defaultPolicy)
	f.Add([]byte(head + "  rules: [{rule: forbid-tags, params: {tags: [1]}}]\n---\n[]\n"))
	lib, err := NewLibrary()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := lib.load([]file{{"fuzz.yaml", data}}, nil)
		if (set == nil) != (err != nil) {
			t.Fatalf("got %v and %v", set, err)
		}
		if _, ok := errors.AsType[*LoadError](err); err != nil && !ok {
			t.Fatalf("bad input is told as our own fault: %v", err)
		}
		if set != nil && len(set.policies) == 0 {
			t.Fatal("a set without policies")
		}
	})
}
