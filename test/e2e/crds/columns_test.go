package crds_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var update = flag.Bool("update", false, "write golden files")

// age is the last column.
var age = regexp.MustCompile(`(?m)(\d+[ms])+$`)

// shown are what kubectl is to print. A status is written beside, as Fluxgate writes it.
const shown = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: baseline}
spec: {action: Warn, rules: [{rule: canonical-url}]}
---
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: production}
spec: {rules: [{rule: registry-allow-list}]}
---
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: unseen}
spec: {action: Audit, pin: {tags: OnChange}}
---
apiVersion: fluxgate.dev/v1alpha1
kind: PolicyException
metadata: {name: unsigned, namespace: default}
spec:
  policy: production
  rules: [require-verify]
  names: ["legacy-*"]
  reason: the vendor signs from release 4 on
  until: "2027-01-31T17:00:00Z"
---
apiVersion: fluxgate.dev/v1alpha1
kind: PolicyException
metadata: {name: over, namespace: default}
spec: {policy: baseline, rules: [canonical-url], names: [app], reason: until the move, until: "2026-01-31T17:00:00+01:00"}
`

// TestKubectlShowsWhatMatters has a golden for each way to ask.
func TestKubectlShowsWhatMatters(t *testing.T) {
	for document := range strings.SplitSeq(shown, "---\n") {
		object := parse(t, document)
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { remove(t, object) })
		if condition := conditionOf(object.GetName()); condition != "" {
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"status": {"conditions": [`+condition+`]}}`))
			if err := admin.Status().Patch(t.Context(), object, patch); err != nil {
				t.Fatal(err)
			}
		}
	}
	var printed strings.Builder
	for _, command := range []string{
		"get srcpol,srcpolex -A", "get srcpol,srcpolex -A -o wide", "get sourcepolicies", "get policyexceptions", "get fluxgate -o name",
	} {
		out, err := kubectl(t, "", strings.Fields(command)...)
		if err != nil {
			t.Fatal(err)
		}
		printed.WriteString("$ kubectl " + command + "\n" + age.ReplaceAllString(out, "AGE") + "\n")
	}
	golden := filepath.Join("testdata", "columns.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(printed.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), printed.String()); diff != "" {
		t.Errorf("kubectl prints (-want +got):\n%s", diff)
	}
}

// conditionOf is what Fluxgate says of an object; empty where it has not seen it yet.
func conditionOf(name string) string {
	said := map[string][3]string{
		"baseline":   {"True", "InForce", "the spec is in force"},
		"production": {"False", "Broken", "spec.rules[0].rule: unknown rule \\\"registry-allow-list\\\": did you mean registry-allowlist?"},
		"unsigned":   {"True", "Accepted", "it counts until 2027-01-31T17:00:00Z"},
		"over":       {"False", "Expired", "it ended at 2026-01-31T17:00:00+01:00"},
	}
	condition, ok := said[name]
	if !ok {
		return ""
	}
	return `{"type": "Ready", "status": "` + condition[0] + `", "reason": "` + condition[1] + `", "message": "` + condition[2] +
		`", "lastTransitionTime": "2026-11-24T00:00:00Z"}`
}

// remove deletes an object, so that other tests do not see it; also when the test has ended.
func remove(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if err := admin.Delete(context.WithoutCancel(t.Context()), object); client.IgnoreNotFound(err) != nil {
		t.Error(err)
	}
}
