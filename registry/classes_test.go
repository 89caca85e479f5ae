package registry

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClassesAreAllThereAre compares the list with the constants of errors.go.
func TestClassesAreAllThereAre(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []Class
	ast.Inspect(file, func(n ast.Node) bool {
		spec, isSpec := n.(*ast.ValueSpec)
		if !isSpec {
			return true
		}
		if kind, named := spec.Type.(*ast.Ident); named && kind.Name == "Class" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, Class(text))
		}
		return true
	})
	got := Classes()
	slices.Sort(declared)
	slices.Sort(got)
	if diff := cmp.Diff(declared, got); diff != "" {
		t.Errorf("classes (-declared +listed):\n%s", diff)
	}
}
