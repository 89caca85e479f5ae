package policy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/tester"
)

var update = flag.Bool("update", false, "write golden files and generated documents")

// regoFiles reads the rules, their tests and the code that they share.
func regoFiles(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("rules/*.rego")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestRegoIsFormatted(t *testing.T) {
	for name, text := range regoFiles(t) {
		want, err := format.SourceWithOpts(name, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s is not formatted (-want +got):\n%s", name, diff)
		}
	}
}

// TestRegoRules runs the rules' own tests, and asks that they reach every line.
func TestRegoRules(t *testing.T) {
	modules := map[string]*ast.Module{}
	for name, text := range regoFiles(t) {
		module, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		modules[name] = module
	}
	coverage := cover.New()
	results, err := tester.NewRunner().
		SetCompiler(ast.NewCompiler().WithCapabilities(testCapabilities()).WithStrict(true)).
		SetCoverageQueryTracer(coverage).
		RaiseBuiltinErrors(true).
		SetTimeout(10*time.Second).
		SetModules(modules).
		RunTests(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for result := range results {
		count++
		if !result.Pass() {
			t.Errorf("%s", result)
		}
	}
	if count == 0 {
		t.Error("no test ran")
	}
	for name, file := range coverage.Report(modules).Files {
		for _, lines := range file.NotCovered {
			t.Errorf("%s:%d-%d is reached by no test", name, lines.Start.Row, lines.End.Row)
		}
	}
	shared := []string{"rules/source.rego", "rules/signature.rego"} // which the tests of rules reach
	for name := range modules {
		if matched, _ := filepath.Match("rules/*_test.rego", name); !matched && !slices.Contains(shared, name) {
			test := fmt.Sprintf("%s_test.rego", name[:len(name)-len(".rego")])
			if modules[test] == nil {
				t.Errorf("%s has no test beside it", name)
			}
		}
	}
}

// testCapabilities adds to what rules may use what the runner of their tests puts into them.
func testCapabilities() *ast.Capabilities {
	caps := capabilities()
	caps.Builtins = append(caps.Builtins, ast.InternalTestCase)
	return caps
}
