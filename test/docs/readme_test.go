package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// cut marks in a quotation what was left out.
const cut = "[…]\n"

// TestTheReadmeQuotesTheDemo: what the README shows of Fluxgate's answers is what the demo printed, in its order.
func TestTheReadmeQuotesTheDemo(t *testing.T) {
	printed := read(t, filepath.Join(root, "test", "demo", "testdata", "demo.txt"))
	quotations := 0
	for _, block := range blocks(read(t, filepath.Join(root, "README.md")), "") {
		if !strings.Contains(block, "$ ") {
			continue
		}
		quotations++
		rest := printed
		for part := range strings.SplitSeq(block, cut) {
			_, after, found := strings.Cut(rest, strings.Trim(part, "\n")+"\n")
			if !found {
				t.Errorf("the demo does not print this, or not here:\n%s", part)
				break
			}
			rest = after
		}
	}
	if quotations < 4 {
		t.Errorf("only %d blocks of the README quote the demo", quotations)
	}
}

// TestTheInstallExampleBuilds: the kustomization and the policy of the README give the base with that image and that policy.
func TestTheInstallExampleBuilds(t *testing.T) {
	examples := blocks(read(t, filepath.Join(root, "README.md")), "yaml")
	if len(examples) != 2 {
		t.Fatalf("the README has %d yaml blocks, not a kustomization and a policy", len(examples))
	}
	folder := t.TempDir()
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	clone, err := filepath.Rel(folder, absolute)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "kustomization.yaml"), strings.Replace(examples[0], "- fluxgate/", "- "+clone+"/", 1))
	write(t, filepath.Join(folder, "policy.yaml"), examples[1])
	objects, err := controlplane.Manifests(folder)
	if err != nil {
		t.Fatal(err)
	}
	deployment, policies := find(t, objects, "Deployment"), find(t, objects, "ConfigMap")
	pod, _, _ := unstructured.NestedMap(deployment.Object, "spec", "template", "spec")
	want := map[string]any{
		"image":     "registry.example.com/platform/fluxgate:v0.1.0",
		"policies":  policies.GetName(),
		"namespace": "fluxgate-system",
		"policy":    examples[1],
	}
	text, _, _ := unstructured.NestedString(policies.Object, "data", "policy.yaml")
	got := map[string]any{
		"image":     first(pod, "containers")["image"],
		"policies":  first(pod, "volumes")["configMap"].(map[string]any)["name"],
		"namespace": policies.GetNamespace(),
		"policy":    text,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the built kustomization (-want +got):\n%s", diff)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, objects []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	t.Helper()
	for _, object := range objects {
		if object.GetKind() == kind {
			return object
		}
	}
	t.Fatalf("there is no %s", kind)
	return nil
}

func first(pod map[string]any, list string) map[string]any {
	entries, _ := pod[list].([]any)
	entry, _ := entries[0].(map[string]any)
	return entry
}
