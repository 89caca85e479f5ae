package crds_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy"
)

var fence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// manifests gives the policies and exceptions in files: YAML, or Markdown with blocks of it.
func manifests(t *testing.T, patterns ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no file is %s: %v", pattern, err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts := strings.Split(string(content), "\n---\n")
			if filepath.Ext(path) == ".md" {
				texts = nil
				for _, block := range fence.FindAllStringSubmatch(string(content), -1) {
					texts = append(texts, block[1])
				}
			}
			for i, text := range texts {
				if strings.Contains(text, "\nkind: SourcePolicy") || strings.Contains(text, "\nkind: PolicyException") {
					found[fmt.Sprintf("%s %d", strings.TrimPrefix(path, root+"/"), i+1)] = text
				}
			}
		}
	}
	return found
}

// TestWhatDocumentsShowIsAccepted: whatever can be copied from this repository can be applied.
func TestWhatDocumentsShowIsAccepted(t *testing.T) {
	found := manifests(t, "*.md", "docs/*.md", "deploy/policies/*.yaml", "policy/default.yaml", "test/demo/policies/*.yaml")
	if len(found) < 16 {
		t.Errorf("only %d policies and exceptions found", len(found))
	}
	for place, text := range found {
		object := parse(t, text)
		if object.GetKind() == "PolicyException" {
			object.SetNamespace("default")
		}
		if err := try(t, object); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// TestEveryRuleAndKindIsAccepted: neither a new rule nor a new kind is refused by the schema.
func TestEveryRuleAndKindIsAccepted(t *testing.T) {
	rules, err := policy.Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules {
		spec := fmt.Sprintf("{rules: %s, exceptions: {rules: [%s], maxDuration: 1h}}", inline(t, rule.Example), rule.Name)
		if err := try(t, policyOf(t, spec)); err != nil {
			t.Errorf("%s: %v", rule.Name, err)
		}
	}
	kinds := inline(t, strings.Join(append([]string{""}, policy.Kinds()...), "\n- "))
	if err := try(t, policyOf(t, "{match: {kinds: "+kinds+"}, pin: {tags: OnChange}}")); err != nil {
		t.Errorf("kinds of a policy: %v", err)
	}
	if err := try(t, exceptionOf(t, "{kinds: "+kinds+", policy: p, rules: [a], names: [a], reason: r, until: '2027-01-31T17:00:00Z'}")); err != nil {
		t.Errorf("kinds of an exception: %v", err)
	}
}

// inline writes YAML as JSON, so that it can stand within a line.
func inline(t *testing.T, text string) string {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(asJSON)
}

// TestAsMuchAsMayBeIsAccepted: what the schema's own limits allow costs its rules no more than the API server grants.
func TestAsMuchAsMayBeIsAccepted(t *testing.T) {
	globs := list(256, "'"+strings.Repeat("*", 124)+"%d'")
	for sentence, object := range map[string]string{
		"a policy": `{apiVersion: fluxgate.dev/v1alpha1, kind: SourcePolicy, metadata: {name: p}, spec: {
			match: {namespaces: ` + globs + `, excludedNamespaces: ` + globs + `},
			exceptions: {rules: ` + list(64, text(60)+"%d") + `, maxDuration: 999999.999999999h9999999.999999999m999999999.999999999s},
			rules: ` + list(64, "{rule: "+text(60)+"%d}") + `,
			rego: ` + list(32, "{name: "+text(60)+"%d, module: "+text(16384)+"}") + `}}`,
		"an exception": `{apiVersion: fluxgate.dev/v1alpha1, kind: PolicyException, metadata: {name: e, namespace: default}, spec: {
			policy: ` + text(253) + `, rules: ` + list(64, text(60)+"%d") + `, reason: ` + strings.Repeat("é", 1024) + `,
			names: ` + list(64, text(63)+"/"+text(250)+"%d") + `, until: "2027-01-31T17:00:00.123456789+01:00"}}`,
	} {
		if err := try(t, parse(t, object)); err != nil {
			t.Errorf("%s: %.1000s", sentence, err)
		}
	}
}

// TestAMisspeltFieldIsRefusedByKubectl: a misspelt field is no field that is left out.
func TestAMisspeltFieldIsRefusedByKubectl(t *testing.T) {
	for sentence, test := range map[string]struct{ manifest, want string }{
		"of a policy": {
			"apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\nspec: {pin: {tag: OnChange}, ruels: []}\n",
			`strict decoding error: unknown field "spec.pin.tag", unknown field "spec.ruels"`,
		},
		"of an exception": {
			"apiVersion: fluxgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: e, namespace: default}\n" +
				"spec: {policy: p, rules: [a], names: [a], reason: r, until: \"2027-01-31T17:00:00Z\", end: never}\n",
			`strict decoding error: unknown field "spec.end"`,
		},
	} {
		_, err := kubectl(t, test.manifest, "apply", "--dry-run=server", "-f", "-")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", sentence, err, test.want)
		}
		if _, err := kubectl(t, test.manifest, "apply", "--server-side", "--dry-run=server", "-f", "-"); err == nil {
			t.Errorf("%s, by server-side apply: it is accepted", sentence)
		}
	}
}
