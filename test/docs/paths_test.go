// Package docs_test keeps the documents true: the paths that they name exist, the map names every folder, and imports go
// the way that ARCHITECTURE.md draws them.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the root of the repository, seen from this folder.
const root = "../.."

func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md", "policy/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, names...)
	}
	if len(found) < 3 {
		t.Fatalf("only %q found: is this the root?", found)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// pathsIn gives what reads as a path of the repository: code in backticks with a slash in it whose first part is no host
// and no URL path, and the targets of relative links.
func pathsIn(document string) []string {
	var paths []string
	for _, match := range regexp.MustCompile("`([A-Za-z0-9_.][A-Za-z0-9_./-]*)`").FindAllStringSubmatch(document, -1) {
		first, _, nested := strings.Cut(match[1], "/")
		host := strings.Contains(strings.TrimPrefix(first, "."), ".") || first == "."
		file := slices.Contains([]string{".md", ".go", ".rego", ".mod"}, filepath.Ext(match[1]))
		if (nested && !host) || file {
			paths = append(paths, match[1])
		}
	}
	prose := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(document, "") // a regular expression has links in it that are none
	for _, match := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(prose, -1) {
		paths = append(paths, match[1])
	}
	return paths
}

func TestPathsThatDocumentsNameExist(t *testing.T) {
	for _, document := range documents(t) {
		for _, path := range pathsIn(read(t, document)) {
			fromRoot, fromDocument := filepath.Join(root, path), filepath.Join(filepath.Dir(document), path)
			_, rootErr := os.Stat(fromRoot)
			_, documentErr := os.Stat(fromDocument)
			if rootErr != nil && documentErr != nil {
				t.Errorf("%s names %s, which does not exist", filepath.Base(document), path)
			}
		}
	}
}

func TestPathsAreToldFromOtherCode(t *testing.T) {
	document := "`policy/rules/` `/mutate` `fluxgate.dev/pin` `spec.ref.digest` `.ci/run` `gate.go` `./...` `a b/c` " +
		"[a](docs/rules.md#x) [`b`](gate) [b](https://example.com/x) [c](#here) `ghcr.io/acme/**` `^[a-z]([a-z-]*[a-z])?$`"
	want := []string{"policy/rules/", ".ci/run", "gate.go", "docs/rules.md", "gate"}
	if diff := cmp.Diff(want, pathsIn(document)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestTheMapNamesEveryFolder(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && !slices.Contains([]string{"bin", "docs"}, entry.Name()) {
			want = append(want, entry.Name())
		}
	}
	var got []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z]+)(?:/[a-z]+)?` \\|").FindAllStringSubmatch(read(t, filepath.Join(root, "ARCHITECTURE.md")), -1) {
		got = append(got, match[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folders of ARCHITECTURE.md (-in the repository +in the map):\n%s", diff)
	}
}
