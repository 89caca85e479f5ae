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

// TestTheInstallExampleBuilds: the kustomization of the README gives the base with that image. That its policy loads is
// shown with all others.
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
	got, err := controlplane.Manifests(folder)
	if err != nil {
		t.Fatal(err)
	}
	want, err := controlplane.Manifests(filepath.Join(root, "deploy", "base"))
	if err != nil {
		t.Fatal(err)
	}
	pod, _, _ := unstructured.NestedMap(find(t, want, "Deployment").Object, "spec", "template", "spec")
	first(pod, "containers")["image"] = "registry.example.com/platform/fluxgate:v0.1.0"
	if err := unstructured.SetNestedMap(find(t, want, "Deployment").Object, pod, "spec", "template", "spec"); err != nil {
		t.Fatal(err)
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
