package policy

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestPolicyIsPure: this package may know of no network, no cluster and none of the packages above it.
func TestPolicyIsPure(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			own, isOurs := strings.CutPrefix(path, "github.com/fluxgate/fluxgate/")
			switch {
			case isOurs && own != "flux" && own != "policy/v1alpha1" && own != "verify",
				path == "net" || strings.HasPrefix(path, "net/"),
				strings.HasPrefix(path, "github.com/google/go-containerregistry"),
				strings.HasPrefix(path, "sigs.k8s.io/controller-runtime"),
				strings.HasPrefix(path, "k8s.io/client-go"):
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
