package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// runRego compiles modules as production does and runs the tests in them. It gives the outcome of each test by its name.
func runRego(t *testing.T, modules map[string]string) (map[string]string, error) {
	t.Helper()
	parsed := map[string]*ast.Module{}
	for name, text := range modules {
		module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		parsed[name] = module
	}
	compiler, functions, err := Confine(parsed)
	if err != nil {
		return nil, err
	}
	var custom []*tester.Builtin
	for _, function := range functions {
		custom = append(custom, &tester.Builtin{Func: function})
	}
	results, err := tester.NewRunner().SetCompiler(compiler).AddCustomBuiltins(custom).SetModules(parsed).
		RaiseBuiltinErrors(true).SetTimeout(10*time.Second).RunTests(t.Context(), nil)
	if err != nil {
		return nil, err
	}
	outcomes := map[string]string{}
	for result := range results {
		switch {
		case result.Error != nil:
			outcomes[result.Name] = result.Error.Error()
		default:
			outcomes[result.Name] = map[bool]string{true: "pass", false: "fail"}[result.Pass()]
		}
	}
	return outcomes, nil
}

const doubling = "package fluxgate.custom.doubling\n\nviolations contains {\"path\": p, \"message\": p, \"remediation\": p} if {\n" +
	"\tp := concat(input.object.name, [\"a\", \"b\"])\n}\n"

// TestRegoTestsAreConfinedAsRulesAre: a test proves nothing if the rule could do more in it than in production.
func TestRegoTestsAreConfinedAsRulesAre(t *testing.T) {
	const head = "package fluxgate.custom.doubling_test\n\nimport data.fluxgate.custom.doubling\n\n"
	for name, c := range map[string]struct {
		test string
		want string // of test_it, or a part of the compiler's error
	}{
		"a test that passes": {`test_it if count(doubling.violations) == 1 with input as {"object": {"name": "x"}}`, "pass"},
		"a test that fails":  {`test_it if count(doubling.violations) == 2 with input as {"object": {"name": "x"}}`, "fail"},
		"what a function is replaced by, is called": {
			"test_it if {\n\tsome v in doubling.violations with input as {\"object\": {\"name\": \"x\"}} with concat as mock\n" +
				"\tv.path == \"mocked\"\n}\n\nmock(_, _) := \"mocked\"", "pass"},
		"a rule may not make more of its input than in production": {
			"test_it if {\n\ta := replace(\"" + strings.Repeat("a", 200) + "\", \"a\", \"" + strings.Repeat("b", 200) + "\")\n" +
				"\tb := replace(a, \"b\", a)\n\tcount(doubling.violations) == 1 with input as {\"object\": {\"name\": b}}\n}",
			"more than 4194304",
		},
		"no network":             {`test_it if http.send({"method": "get", "url": doubling.violations})`, "undefined function http.send"},
		"as strict as the rules": {"test_it if {\n\tx := 1\n}", "assigned var x unused"},
		"printing does nothing":  {`test_it if print(doubling.violations)`, "pass"},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes, err := runRego(t, map[string]string{"doubling.rego": doubling, "doubling_test.rego": head + c.test})
			got := outcomes["test_it"]
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
}

// TestModulesAndTheirTrace: what tests of policies are told of custom rules.
func TestModulesAndTheirTrace(t *testing.T) {
	text := head + "  rego:\n" + regoEntry("doubling", doubling)
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	coverage := cover.New()
	set, err := lib.Traced(coverage).Parse("policy.yaml", []byte("---\n"+text+"---\n"+strings.Replace(text, "name: p", "name: q", 1)))
	if err != nil {
		t.Fatal(err)
	}
	var got []Module
	for _, p := range set.Policies() {
		got = append(got, p.Modules()...)
	}
	first := "policy.yaml (document 1): spec.rego[0].module"
	want := []Module{
		{Rule: "doubling", At: first, Text: doubling},
		{Rule: "doubling", At: "policy.yaml (document 2): spec.rego[0].module", Text: doubling},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
	if _, err := set.Find("p").Evaluate(t.Context(), NewInput(insecure()), Static); err != nil {
		t.Fatal(err)
	}
	covered := []string{}
	for file, report := range coverage.Report(nil).Files {
		if len(report.Covered) > 0 {
			covered = append(covered, file)
		}
	}
	if diff := cmp.Diff([]string{first}, covered); diff != "" {
		t.Errorf("modules that were evaluated (-want +got):\n%s", diff)
	}
	if broken, err := lib.Compile(&v1alpha1.SourcePolicy{}); err == nil || len(broken.Modules()) > 0 {
		t.Errorf("a broken policy has modules %v", broken.Modules())
	}
}
