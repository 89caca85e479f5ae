package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	pathpkg "path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/fluxgate/fluxgate/"

// arrows says which folders a folder may import. Doors (webhook, check) know nothing of each other, and what is pure
// (flux, pin, policy, verify) knows nothing of a network.
func arrows() map[string][]string {
	return map[string][]string{
		"cmd/fluxgate": {
			"certs", "check", "cloud", "cluster", "diagnose", "flux", "gate", "policy", "policy/v1alpha1", "policytest", "registry", "reload",
			"rulesdoc", "verify", "verify/imagepolicy", "verify/trustroot", "verify/verdicts", "webhook",
		},
		"webhook":            {"flux", "gate", "policy", "policy/v1alpha1", "registry"},
		"policytest":         {"check", "flux", "gate", "policy", "policy/v1alpha1", "registry", "verify"},
		"check":              {"flux", "gate", "policy", "policy/v1alpha1", "registry", "verify"},
		"diagnose":           {"flux", "registry", "verify"},
		"rulesdoc":           {"policy"},
		"gate":               {"flux", "pin", "policy", "registry", "verify"},
		"cluster":            {"flux", "gate", "policy", "policy/v1alpha1", "registry", "reload", "verify"},
		"cloud":              {"registry"},
		"reload":             {"policy", "policy/v1alpha1"},
		"verify/verdicts":    {"flux", "registry", "verify", "verify/cosign", "verify/notation"},
		"verify/cosign":      {"verify"},
		"verify/notation":    {"verify"},
		"verify/imagepolicy": {"verify"},
		"verify/trustroot":   {},
		"registry":           {"flux"},
		"pin":                {"flux"},
		"policy":             {"flux", "policy/v1alpha1", "verify"},
		"policy/v1alpha1":    {},
		"flux":               {},
		"verify":             {},
		"certs":              {},
	}
}

// dialling are the imports by which a package reaches a network.
func dialling() []string {
	return []string{
		"net/http", "crypto/tls", "k8s.io/client-go", "sigs.k8s.io/controller-runtime", "github.com/fluxcd/pkg/auth",
		"github.com/google/go-containerregistry/pkg/v1/remote",
	}
}

func TestArrowsGoDownOnly(t *testing.T) {
	allowed := arrows()
	for folder, imports := range importsByFolder(t) {
		targets, known := allowed[folder]
		if !known {
			t.Errorf("%s is in no arrow: add it to the table, and to ARCHITECTURE.md", folder)
		}
		for _, path := range imports {
			target, ours := strings.CutPrefix(path, module)
			if ours && !slices.Contains(targets, target) {
				t.Errorf("%s imports %s, which no arrow allows", folder, target)
			}
		}
	}
}

func TestWhatIsPureDialsNobody(t *testing.T) {
	imports := importsByFolder(t)
	for _, folder := range []string{"flux", "pin", "policy", "policy/v1alpha1", "gate", "verify"} {
		if len(imports[folder]) == 0 {
			t.Errorf("%s imports nothing: is it still there?", folder)
		}
		for _, path := range imports[folder] {
			if folder == "verify" && path == "net/http" {
				continue // it names http.RoundTripper, the way that verifiers are given; it has none
			}
			if slices.ContainsFunc(dialling(), func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }) {
				t.Errorf("%s imports %s", folder, path)
			}
		}
	}
}

// importsByFolder reads the imports of all code that ships: no tests, nothing below test.
func importsByFolder(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != "." && (name == "test" || name == "bin" || strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := pathpkg.Dir(path)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[folder] = append(found[folder], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
