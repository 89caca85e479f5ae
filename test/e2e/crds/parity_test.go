package crds_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/policy"
)

// refuser is who keeps a wrong document out of the cluster.
type refuser int

const (
	// schema: the API server, by itself.
	schema refuser = iota
	// tool: what is to be applied is no object that the API server could be sent.
	tool
	// checker: only policies.fluxgate.dev, which runs the loader. No schema can say it, or none at a bounded cost.
	checker
)

// TestWhatTheLoaderRefusesIsRefused has an entry for each golden in policy/testdata/load, and so for each sentence of the
// loader: no way leads into the cluster for what is refused in a file.
func TestWhatTheLoaderRefusesIsRefused(t *testing.T) {
	everySentenceIsThere(t)
	for golden, test := range wrongDocuments() {
		t.Run(golden, func(t *testing.T) {
			if _, err := policy.Parse("policy.yaml", []byte(test.document)); err == nil {
				t.Fatal("the loader takes it")
			}
			var err error
			if test.by == tool {
				_, err = kubectl(t, test.document, "apply", "--server-side", "--dry-run=server", "-f", "-")
			} else {
				err = try(t, parse(t, test.document))
			}
			if refused := err != nil; refused != (test.by != checker) {
				t.Errorf("refused without a webhook: %t, %v", refused, err)
			}
		})
	}
}

// wrongDocument is one that the loader refuses, and who else does.
type wrongDocument struct {
	document string
	by       refuser
}

// wrongDocuments are those of the loader's test, by the names of its goldens, each for one reason only.
func wrongDocuments() map[string]wrongDocument {
	const head = "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\n"
	const ok = head + "spec: {rules: [{rule: canonical-url}]}\n"
	spec := func(text string) string { return head + "spec: " + text + "\n" }
	exception := func(rest string) string {
		return "apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: e, namespace: default}\n" +
			"spec: {policy: p, rules: [canonical-url], " + rest + "}\n"
	}
	return map[string]wrongDocument{
		"empty":                  {"", tool},
		"only-comments":          {"# nothing\n", tool},
		"not-YAML":               {"a: [", tool},
		"a-list":                 {"- a\n", tool},
		"another-kind":           {"apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicies\nmetadata: {name: p}\nspec: {}\n", tool},
		"no-kind":                {"spec: {}\n", tool},
		"another-version":        {strings.Replace(ok, "v1alpha1", "v1", 1), tool},
		"no-name":                {strings.Replace(ok, "name: p", "labels: {}", 1), tool},
		"a-bad-name-and-place":   {strings.Replace(ok, "name: p", "name: P_1", 1), schema},
		"a-missing-spec":         {head, schema},
		"a-spec-of-another-type": {spec("everything"), schema},
		"nothing-to-judge":       {spec("{action: Deny}"), schema},
		"unknown-fields":         {spec("{rules: [{rule: canonical-url, parms: {}}]}"), schema},
		"wrong-types":            {spec("{match: {namespaces: prod}, rules: [{rule: canonical-url}]}"), schema},
		"unknown-names":          {spec("{action: deny, rules: [{rule: canonical-url}]}"), schema},
		"bad-globs":              {spec("{match: {namespaces: [Prod]}, rules: [{rule: canonical-url}]}"), schema},
		"existing-pins-nothing":  {spec("{pin: {existing: true}}"), schema},
		"a-rule-twice":           {spec("{rules: [{rule: forbid-tags}, {rule: forbid-tags, action: Warn}]}"), schema},
		"a-rule-without-name":    {spec("{rules: [{action: Deny}]}"), schema},
		"empty-exceptions":       {spec("{exceptions: {rules: [], maxDuration: 1ms}, rules: [{rule: canonical-url}]}"), schema},
		"params-of-no-object":    {spec("{rules: [{rule: forbid-tags, params: [latest]}]}"), schema},
		"hostile-text":           {spec(`{rules: [{rule: "a\nb\e[31m\u202e"}]}`), schema},
		// A selector's lists have no limit, so that no rule on them has a bounded cost.
		"a-bad-selector": {spec("{match: {namespaceSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}, rules: [{rule: canonical-url}]}"), checker},
		"a-bad-label":    {spec(`{match: {namespaceSelector: {matchLabels: {"a b": c}}}, rules: [{rule: canonical-url}]}`), checker},
		// Which rules there are, and their parameters, is the rules' own to say.
		"no-params":             {spec("{rules: [{rule: registry-allowlist}]}"), checker},
		"params-for-none":       {spec("{rules: [{rule: canonical-url, params: {allow: []}}]}"), checker},
		"unknown-params":        {spec("{rules: [{rule: registry-allowlist, params: {alow: [\"ghcr.io/**\"]}}]}"), checker},
		"params-of-wrong-types": {spec("{rules: [{rule: registry-allowlist, params: {allow: ghcr.io}}]}"), checker},
		"unknown-values":        {spec("{rules: [{rule: require-verify, params: {providers: [gpg]}}]}"), checker},
		"empty-lists":           {spec("{rules: [{rule: registry-allowlist, params: {allow: []}}]}"), checker},
		"patterns":              {spec("{rules: [{rule: registry-allowlist, params: {allow: [ghcr.io]}}]}"), checker},
		"the-second-is-wrong":   {spec("{rules: [{rule: forbid-tag}]}"), checker},
		"bounds-of-nothing":     {spec("{rules: [{rule: interval-bounds}]}"), checker},
		"bad-bounds":            {spec("{rules: [{rule: interval-bounds, params: {min: 2h, max: 1h}}]}"), checker},
		"bad-trust":             {spec("{rules: [{rule: verify-identity, params: {keys: [cosign.pub]}}]}"), checker},
		// So are keys, patterns and trusted roots to be read by those who know them.
		"bad-demands":         {spec(`{signatures: [{name: a, keys: ["none"]}]}`), checker},
		"what-sigstore-reads": {spec(`{signatures: [{name: a, clusterImagePolicies: {inline: [{kind: ClusterImagePolicy}]}}]}`), checker},
		// Rego is read by its compiler.
		"rego-that-is-no-rule": {spec(`{rego: [{name: x, module: "package fluxgate.custom.y"}]}`), checker},
		"rego-with-errors":     {spec(`{rego: [{name: x, module: "package fluxgate.custom.x\nviolations contains {"}]}`), checker},
		"rego-reads-another":   {spec(`{rego: [{name: x, module: "package fluxgate.custom.x\nviolations contains data.y.z"}]}`), checker},
		"rego-params": {spec(`{rego: [{name: x, params: {a: 1}, module: "# METADATA\n# custom:\n#   params: {type: object, ` +
			`additionalProperties: false}\npackage fluxgate.custom.x\nviolations contains input.a"}]}`), checker},
		"a-rego-rule's-name":     {spec(`{rego: [{name: Team_Label, module: "package fluxgate.custom.x"}]}`), schema},
		"enforceFrom-no-date":    {spec("{enforceFrom: tomorrow, rules: [{rule: canonical-url}]}"), schema},
		"a-bad-exception":        {exception(`names: [Pod], reason: r, until: "2099-12-31T00:00:00Z"`), schema},
		"an-exception-of-nobody": {exception(`names: [pod], reason: r, until: "2099-12-31"`), schema},
		"only-tests":             {"apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyTest\nmetadata: {name: p}\n", tool},
		"a-test-of-another-time": {"apiVersion: fluxgate.dev/v2\nkind: PolicyTest\nmetadata: {name: p}\n", tool},
	}
}

// everySentenceIsThere holds the table to the goldens.
func everySentenceIsThere(t *testing.T) {
	t.Helper()
	elsewhere := map[string]string{
		"the-same-policy-twice": "the API server has one object of a name",
		"a-key-twice":           "kubectl keeps the last one, and sends nothing of the first",
		"a-status":              "the API server takes nothing of it: TestAStatusIsWrittenThroughItsSubresourceOnly",
	}
	goldens, err := filepath.Glob(root + "/policy/testdata/load/*.txt")
	if err != nil || len(goldens) < 30 {
		t.Fatalf("only %d goldens found: %v", len(goldens), err)
	}
	documents := wrongDocuments()
	for _, path := range goldens {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		if _, there := documents[name]; !there && elsewhere[name] == "" {
			t.Errorf("%s: say in wrongDocuments who refuses it", name)
		}
	}
}
