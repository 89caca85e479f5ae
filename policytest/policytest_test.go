package policytest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// files are texts by their names.
type files map[string]string

// runFiles runs the tests in files of their own, seen from their folder. Times are taken out.
func runFiles(t *testing.T, f files, opts Options) (*Report, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range f {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if opts.Paths == nil {
		opts.Paths = []string{"."}
	}
	report, err := Run(t.Context(), opts)
	if report != nil {
		for i := range report.Tests {
			report.Tests[i].Seconds = 0
		}
		report.Summary.Seconds = 0
	}
	return report, err
}

// policyOf is a SourcePolicy with custom rules, by their names.
func policyOf(name string, modules map[string]string) string {
	text := "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: " + name + "}\nspec:\n  rego:\n"
	for rule, module := range modules {
		text += "  - name: " + rule + "\n    module: |\n"
		for line := range strings.Lines(module) {
			text += "      " + line
		}
	}
	return text
}

// named is a rule that dislikes a name.
func named(name string) string {
	return "package fluxgate.custom.named\n\n" +
		"violations contains {\"path\": \"metadata.name\", \"message\": message, \"remediation\": \"rename it\"} if {\n" +
		"\tinput.object.name == \"" + name + "\"\n\tmessage := concat(\" \", [\"the name is\", input.object.name])\n}\n"
}

const testHead = "package fluxgate.custom.named_test\n\nimport data.fluxgate.custom.named\n\n"

func TestRegoTests(t *testing.T) {
	policy := policyOf("p", map[string]string{"named": named("evil")})
	const passing = `test_it if count(named.violations) == 1 with input as {"object": {"name": "evil"}}` + "\n"
	pass := func(name, file string, line int) Test {
		return Test{Name: name, File: file, Line: line, Kind: Rego, Result: Pass}
	}
	fail := func(name, file string, line int, failures ...string) Test {
		return Test{Name: name, File: file, Line: line, Kind: Rego, Result: Fail, Failures: failures}
	}
	for name, c := range map[string]struct {
		files files
		want  []Test
	}{
		"of a rule in a policy":   {files{"policy.yaml": policy, "named_test.rego": testHead + passing}, []Test{pass("test_it", "named_test.rego", 5)}},
		"of a rule in a file":     {files{"named.rego": named("evil"), "named_test.rego": testHead + passing}, []Test{pass("test_it", "named_test.rego", 5)}},
		"of a rule in both":       {files{"policy.yaml": policy, "named.rego": named("evil"), "named_test.rego": testHead + passing}, []Test{pass("test_it", "named_test.rego", 5)}},
		"in another folder":       {files{"a/policy.yaml": policy, "b/named_test.rego": testHead + passing}, []Test{pass("test_it", "b/named_test.rego", 5)}},
		"beside what is no YAML":  {files{"policy.yaml": policy, "chart/templates/x.yaml": "{{ if }}", "named_test.rego": testHead + passing}, []Test{pass("test_it", "named_test.rego", 5)}},
		"in the rule's package":   {files{"policy.yaml": policy, "named_test.rego": "package fluxgate.custom.named\n\ntest_it if count(violations) == 0 with input as {}\n"}, []Test{pass("test_it", "named_test.rego", 3)}},
		"a policy among others":   {files{"all.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n" + policy, "named_test.rego": testHead + passing}, []Test{pass("test_it", "named_test.rego", 5)}},
		"with what tests share":   {files{"policy.yaml": policy, "lib/shared.rego": "package shared\n\nevil := {\"object\": {\"name\": \"evil\"}}\n", "named_test.rego": testHead + "import data.shared\n\ntest_it if count(named.violations) == 1 with input as shared.evil\n"}, []Test{pass("test_it", "named_test.rego", 7)}},
		"with what a test shares": {files{"policy.yaml": policy, "a_test.rego": "package fixtures\n\nevil := {\"object\": {\"name\": \"evil\"}}\n\ntest_fixtures if evil.object\n", "named_test.rego": testHead + "import data.fixtures\n\ntest_it if count(named.violations) == 1 with input as fixtures.evil\n"}, []Test{pass("test_fixtures", "a_test.rego", 5), pass("test_it", "named_test.rego", 7)}},
		"against each rule of the name": {
			files{"prod.yaml": policy, "test.yaml": policyOf("q", map[string]string{"named": named("bad")}), "named_test.rego": testHead + passing},
			[]Test{
				{Name: "test_it", File: "named_test.rego", Line: 5, Kind: Rego, Result: Pass, Against: "prod.yaml:1: spec.rego[0].module"},
				{
					Name: "test_it", File: "named_test.rego", Line: 5, Kind: Rego, Result: Fail, Against: "test.yaml:1: spec.rego[0].module",
					Failures: []string{`named_test.rego:5: this is false or undefined: test_it if count(named.violations) == 1 with input as {"object": {"name": "evil"}}`},
				},
			},
		},
		"one that fails says where": {
			files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if {\n\tsome v in named.violations with input as {\"object\": {\"name\": \"evil\"}}\n\n\tv.path == \"metadata.name\"\n\tv.message == \"x\" # this one\n\tv.remediation\n}\n\ntest_other if named.violations\n"},
			[]Test{
				fail("test_it", "named_test.rego", 5, `named_test.rego:9: this is false or undefined: v.message == "x" # this one`),
				pass("test_other", "named_test.rego", 13),
			},
		},
		"one whose value is no truth": {files{"policy.yaml": policy, "named_test.rego": testHead + "test_it := named.violations\n"}, []Test{fail("test_it", "named_test.rego", 5, "its value is not true")}},
		"one that cannot be evaluated": {
			files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if {\n\tnamed.violations\n\tto_number(\"x\")\n}\n"},
			[]Test{fail("test_it", "named_test.rego", 5, `named_test.rego:7: to_number: strconv.ParseFloat: parsing "x": invalid syntax`)},
		},
		"one that makes too much": {
			files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if {\n\tnamed.violations\n\tsprintf(\"%999999999d\", [1])\n}\n"},
			[]Test{fail("test_it", "named_test.rego", 5, `named_test.rego:7: sprintf: the result would have 1000000011 parts or bytes, more than 4194304`)},
		},
		"one that never ends": {
			files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if {\n\tnamed.violations\n\tcount([1 |\n\t\tsome a in xs\n\t\tsome b in xs\n\t\tsome c in xs\n\t\tsome d in xs\n\t\tsome e in xs\n\t\tsome f in xs\n\t\tsome g in xs\n\t\tsome h in xs\n\t]) == 0\n}\n\nxs := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n\ntest_next if named.violations\n"},
			[]Test{fail("test_it", "named_test.rego", 5, "it ran longer than 500ms"), pass("test_next", "named_test.rego", 21)},
		},
		"one that is put off": {files{"policy.yaml": policy, "named_test.rego": testHead + "todo_test_it if named.nothing\n"}, []Test{{Name: "todo_test_it", File: "named_test.rego", Line: 5, Kind: Rego, Result: Skip}}},
		"several in one": {
			files{"policy.yaml": policy, "named_test.rego": testHead + "test_it[name] if {\n\tsome name, want in {\"evil\": 1, \"good\": 1}\n\tcount(named.violations) == want with input as {\"object\": {\"name\": name}}\n}\n"},
			[]Test{fail("test_it", "named_test.rego", 5, `the case "good" is false or undefined`)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, c.files, Options{Timeout: 500 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, report.Tests); diff != "" || len(report.Unreadable) > 0 {
				t.Errorf("tests (-want +got):\n%s\nunreadable: %v", diff, report.Unreadable)
			}
		})
	}
}

// TestInputThatCannotBeRead is told apart from tests that fail, each thing with its place.
func TestInputThatCannotBeRead(t *testing.T) {
	policy := policyOf("p", map[string]string{"named": named("evil")})
	for name, c := range map[string]struct {
		files files
		want  []string
	}{
		"a test with a slip":             {files{"named_test.rego": "package x\n\ntest_it if {"}, []string{"named_test.rego: line 3: rego_parse_error: unexpected eof token"}},
		"a test that asks for too much":  {files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if http.send(named.violations)"}, []string{"named_test.rego: line 5: rego_type_error: undefined function http.send"}},
		"a test that is careless":        {files{"policy.yaml": policy, "named_test.rego": testHead + "test_it if {\n\tx := named.violations\n}"}, []string{"named_test.rego: line 6: rego_compile_error: assigned var x unused"}},
		"a test of a rule that is not":   {files{"policy.yaml": policy, "named_test.rego": strings.ReplaceAll(testHead, "custom.named\n", "custom.nmaed\n") + "test_it if not nmaed.violations"}, []string{"named_test.rego: line 3: data.fluxgate.custom.nmaed is defined by no module among the paths: name the policy or the file that has it"}},
		"a rule in a file with a slip":   {files{"named.rego": "package fluxgate.custom.named\n\nviolations := 1", "n_test.rego": "package x\n\ntest_it if true"}, []string{`named.rego: it defines no violations: write "violations contains violation if { … }"`}},
		"a rule that reads another":      {files{"named.rego": named("x") + "\nother := data.fluxgate.custom.other\n", "n_test.rego": "package x\n\ntest_it if true"}, []string{"named.rego: 8:10: data.fluxgate.custom.other is not there: a module is alone, and knows nothing but input"}},
		"a rule of a name that is taken": {files{"pin.rego": strings.Replace(named("x"), "custom.named", "custom.pin", 1), "n_test.rego": "package x\n\ntest_it if true"}, []string{"pin.rego: pin is a rule of Fluxgate's: choose another name"}},
		"a policy with a slip":           {files{"policy.yaml": strings.Replace(policy, "contains", "contain", 1), "n_test.rego": "package x\n\ntest_it if true"}, []string{"policy.yaml: document 1: line 1: spec.rego[0].module: 3:27: rego_parse_error: unexpected : token: expected \\n or ; or }"}},
		"a policy of another version":    {files{"policy.yaml": strings.Replace(policy, "v1alpha1", "v2", 1)}, []string{"policy.yaml: document 1: line 1: apiVersion: fluxgate.dev/v2 is not read here: write fluxgate.dev/v1alpha1"}},
		"YAML with a slip":               {files{"policy.yaml": policy + "---\n a: [\n"}, []string{"policy.yaml: document 2: line 15: did not find expected node content"}},
		"an empty folder":                {files{"x/README.md": ""}, []string{".: has no file named *.rego, *.yaml, *.yml or *.json in it; name the tests"}},
		"a file that is too large":       {files{"named_test.rego": strings.Repeat("#", maxRego+1)}, []string{"named_test.rego: is larger than 1048576 bytes; split it"}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, c.files, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, wrong := range report.Unreadable {
				got = append(got, wrong.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
			if report.Outcome() != BadInput {
				t.Errorf("outcome is %d, want that of bad input", report.Outcome())
			}
		})
	}
}

func TestStandardInputIsNotRead(t *testing.T) {
	report, err := runFiles(t, nil, Options{Paths: []string{"-"}})
	if err != nil || len(report.Unreadable) != 1 || !strings.Contains(report.Unreadable[0].Message, "standard input is not read") {
		t.Errorf("got %+v and %v", report, err)
	}
}

func TestRunSelectsByName(t *testing.T) {
	f := files{
		"policy.yaml":     policyOf("p", map[string]string{"named": named("evil")}),
		"named_test.rego": testHead + "test_one if named.violations\n\ntest_two if named.violations\n",
		"cases.yaml":      tableOf("", caseOf("one passes", "good", "allow", "")+caseOf("two is refused", "evil", "deny", evil)),
	}
	for pattern, want := range map[string][]string{
		"one":        {"test_one", "one passes"},
		"^test_two$": {"test_two"},
		"refused$":   {"two is refused"},
	} {
		report, err := runFiles(t, f, Options{Run: regexp.MustCompile(pattern)})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, test := range report.Tests {
			got = append(got, test.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", pattern, diff)
		}
	}
	_, err := runFiles(t, f, Options{Run: regexp.MustCompile("three")})
	if !errors.Is(err, ErrNoTest) || !strings.HasSuffix(err.Error(), "; none of those that there are matches three") {
		t.Errorf("got %v, want that no test is found, and why", err)
	}
}

func TestNoTestIsAnError(t *testing.T) {
	_, err := runFiles(t, files{"policy.yaml": policyOf("p", map[string]string{"named": named("evil")})}, Options{})
	if diff := cmp.Diff(ErrNoTest, err, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a_test.rego": "package a\n\ntest_it if true\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Run(ctx, Options{Paths: []string{"."}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
