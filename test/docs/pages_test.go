package docs_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/verify"
)

var (
	fence   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor  = regexp.MustCompile(`\]\(([^)#:]*)#([^)]*)\)`)
)

// blocks gives the contents of the fenced blocks of a document in some language; "" is none.
func blocks(document, language string) []string {
	var found []string
	for _, match := range fence.FindAllStringSubmatch(document, -1) {
		if match[1] == language {
			found = append(found, match[2])
		}
	}
	return found
}

// TestPoliciesInDocumentsAreValid: what a document shows can be copied.
func TestPoliciesInDocumentsAreValid(t *testing.T) {
	count := 0
	for _, path := range documents(t) {
		for i, block := range blocks(read(t, path), "yaml") {
			if !strings.Contains(block, "kind: SourcePolicy") {
				continue
			}
			count++
			if _, err := policy.Parse(fmt.Sprintf("%s, yaml block %d", path, i+1), []byte(block)); err != nil {
				t.Error(err)
			}
		}
	}
	if count < 6 {
		t.Errorf("only %d policies found in all documents", count)
	}
}

// TestAnchorsExist: a link to a heading leads to one.
func TestAnchorsExist(t *testing.T) {
	for _, path := range documents(t) {
		for _, match := range anchor.FindAllStringSubmatch(read(t, path), -1) {
			target := path
			if match[1] != "" {
				target = filepath.Join(filepath.Dir(path), match[1])
			}
			if !slices.Contains(anchors(read(t, target)), match[2]) {
				t.Errorf("%s: %s has no heading for #%s", path, target, match[2])
			}
		}
	}
}

// anchors are those that GitHub gives the headings of a document.
func anchors(document string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(document, -1) {
		slug := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(match[1]), "")
		found = append(found, strings.ReplaceAll(slug, " ", "-"))
	}
	return found
}

// TestPolicyFieldsAreDocumented: docs/policies.md names every field of a SourcePolicy and of a PolicyException.
func TestPolicyFieldsAreDocumented(t *testing.T) {
	page := read(t, filepath.Join(root, "docs", "policies.md"))
	for field := range reflect.TypeFor[v1alpha1.SourcePolicySpec]().Fields() {
		section := "## spec." + jsonName(field) + "\n"
		if !strings.Contains(page, section) {
			t.Errorf("there is no %q", section)
		}
	}
	for _, of := range []reflect.Type{
		reflect.TypeFor[v1alpha1.Match](), reflect.TypeFor[v1alpha1.Pin](), reflect.TypeFor[v1alpha1.Exceptions](),
		reflect.TypeFor[v1alpha1.Rule](), reflect.TypeFor[v1alpha1.CustomRule](), reflect.TypeFor[v1alpha1.SourcePolicyStatus](),
		reflect.TypeFor[v1alpha1.PolicyExceptionSpec](), reflect.TypeFor[v1alpha1.PolicyExceptionStatus](),
	} {
		for field := range of.Fields() {
			if name := jsonName(field); !strings.Contains(page, "\n| `"+name+"` |") {
				t.Errorf("there is no line for %s of %s", name, of.Name())
			}
		}
	}
}

// TestExceptionsInDocumentsAreOnes: what a document shows has no field that there is not. Whether the API server accepts it
// is shown in test/e2e/crds.
func TestExceptionsInDocumentsAreOnes(t *testing.T) {
	count := 0
	for _, path := range documents(t) {
		for i, block := range blocks(read(t, path), "yaml") {
			if !strings.Contains("\n"+block, "\nkind: PolicyException") { // at the top: a PolicyTest may hold one
				continue
			}
			count++
			if err := yaml.UnmarshalStrict([]byte(block), &v1alpha1.PolicyException{}); err != nil {
				t.Errorf("%s, yaml block %d: %v", path, i+1, err)
			}
		}
	}
	if count == 0 {
		t.Error("no document shows an exception")
	}
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// TestEveryAnswerIsExplained: docs/troubleshooting.md has a line for each rule and each class of failure.
func TestEveryAnswerIsExplained(t *testing.T) {
	rules, err := policy.Rules()
	if err != nil {
		t.Fatal(err)
	}
	explained := []string{gate.RulePin, gate.RuleStalePin, gate.RuleMissingSource, gate.RuleNamespaceGuard, gate.RuleSignatures, "signature", "trust-root", "rule", "namespace", "lookup", "keys", "policy", "access"}
	for _, rule := range rules {
		explained = append(explained, rule.Name)
	}
	declared := regexp.MustCompile(`Class\w+ +Class = "([^"]+)"`)
	classes := declared.FindAllStringSubmatch(read(t, filepath.Join(root, "registry", "errors.go")), -1)
	if len(classes) < 10 {
		t.Fatalf("only %d classes found in registry/errors.go", len(classes))
	}
	for _, class := range classes {
		explained = append(explained, class[1])
	}
	page := read(t, filepath.Join(root, "docs", "troubleshooting.md"))
	for _, name := range explained {
		if !strings.Contains(page, "\n| `"+name+"` |") {
			t.Errorf("there is no line for %s", name)
		}
	}
}

// TestEveryReasonIsExplained: docs/signatures.md has a line for each reason why an artifact is not verified, and none that does not
// exist.
func TestEveryReasonIsExplained(t *testing.T) {
	var declared []string
	for _, found := range regexp.MustCompile(`Reason\w+ +Reason = "([^"]+)"`).FindAllStringSubmatch(read(t, filepath.Join(root, "verify", "signature.go")), -1) {
		declared = append(declared, found[1])
	}
	_, section, _ := strings.Cut(read(t, filepath.Join(root, "docs", "signatures.md")), "\n## Reasons\n")
	var explained []string
	for _, found := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		explained = append(explained, found[1])
	}
	if diff := cmp.Diff(declared, explained); diff != "" {
		t.Errorf("reasons (-declared +explained):\n%s", diff)
	}
	var listed []string
	for _, reason := range verify.Reasons() {
		listed = append(listed, string(reason))
	}
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("reasons (-declared +listed):\n%s", diff)
	}
}
