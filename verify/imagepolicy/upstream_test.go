package imagepolicy_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

var update = flag.Bool("update", false, "write what is found to the golden files")

// TestPoliciesOfPolicyController reads every policy in the examples and tests of policy-controller's own module, and shows
// which are accepted, and what the others are told.
func TestPoliciesOfPolicyController(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/policy-controller").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	tree := os.DirFS(strings.TrimSpace(string(module)))
	var got strings.Builder
	for _, folder := range []string{"examples", "test/testdata"} {
		err := fs.WalkDir(tree, folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			content, err := fs.ReadFile(tree, path)
			if err != nil || !bytes.Contains(content, []byte("kind: ClusterImagePolicy")) {
				return err
			}
			fmt.Fprintln(&got, path)
			for document := range strings.SplitSeq(string(content), "\n---\n") {
				if strings.Contains(document, "kind: ClusterImagePolicy") {
					fmt.Fprintf(&got, "\t%s\n", told(t, document))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const golden = "testdata/upstream.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("what is accepted (-want +got; -update writes it):\n%s", diff)
	}
}

// told reads a policy as serve does, with one Secret in the namespace.
func told(t *testing.T, document string) string {
	t.Helper()
	_, err := imagepolicy.Parse(t.Context(), []byte(document), secrets{"other": {"cosign.pub": []byte("none")}})
	if err != nil {
		return strings.ReplaceAll(err.Error(), "; ", "\n\t\t")
	}
	return "accepted"
}
