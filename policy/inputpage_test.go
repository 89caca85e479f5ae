package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/fluxgate/fluxgate/flux"
)

// inputPage is what authors of rules read.
const inputPage = "INPUT.md"

// section gives the part of the page below a heading, to the next one of the same level.
func section(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(inputPage)
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %q", inputPage, heading)
	}
	part, _, _ := strings.Cut(after, "\n## ")
	return part
}

// blockOf compares the nth fenced block of a section with what it must be, or writes it.
func blockOf(t *testing.T, heading string, n int, want string) {
	t.Helper()
	part := section(t, heading)
	spans := regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$").FindAllStringSubmatchIndex(part, -1)
	if n >= len(spans) {
		t.Fatalf("section %q has %d blocks", heading, len(spans))
	}
	from, to := spans[n][2], spans[n][3]
	if !*update {
		if diff := cmp.Diff(want, part[from:to]); diff != "" {
			t.Errorf("%s, %s, block %d (-want +got):\n%s", inputPage, heading, n+1, diff)
		}
		return
	}
	page, err := os.ReadFile(inputPage)
	if err != nil {
		t.Fatal(err)
	}
	written := strings.Replace(string(page), part, part[:from]+want+part[to:], 1)
	if err := os.WriteFile(inputPage, []byte(written), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTheInputPageNamesEveryField, and none that does not exist: whoever adds one to a review adds a line there.
func TestTheInputPageNamesEveryField(t *testing.T) {
	all, leaves := map[string]bool{}, map[string]bool{}
	for _, semver := range []string{">=1.0.0 <2.0.0", ">=1.0.0-0", "no range"} { // of which none has all that a range can have
		r := filled(t)
		r.Sources[0].Ref.Semver = semver
		paths(inputOf(t, r), "", all, leaves)
	}
	described := map[string]bool{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section(t, "Input"), -1) {
		described[match[1]] = true
	}
	for _, path := range slices.Sorted(maps.Keys(leaves)) {
		if !described[path] {
			t.Errorf("input.%s has no line in %s", path, inputPage)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(described)) {
		if !all[path] {
			t.Errorf("%s has a line for input.%s, which is never there", inputPage, path)
		}
	}
	if len(leaves) < 40 {
		t.Errorf("the input has only %d fields: the walk misses some", len(leaves))
	}
}

// inputOf is the input as a custom rule reads it, in JSON's types.
func inputOf(t *testing.T, review Review, params ...*ast.Term) any {
	t.Helper()
	items := ast.NewObject()
	for i := 0; i+1 < len(params); i += 2 {
		items.Insert(params[i], params[i+1])
	}
	value, err := ast.JSON(NewInput(review).custom(ast.NewTerm(items), ast.ObjectTerm()))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// paths collects where there is something in a document: everywhere, and where it ends.
func paths(value any, at string, all, leaves map[string]bool) {
	all[at] = true
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			paths(inner, strings.TrimPrefix(at+"."+key, "."), all, leaves)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for _, inner := range v {
			paths(inner, at+"[]", all, leaves)
		}
		if _, isText := first(v).(string); len(v) > 0 && !isText {
			return
		}
	}
	leaves[strings.TrimSuffix(at, "[]")] = true
}

func first(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// filled is a review in which everything is set that can be. Fields that are new get a value by themselves.
func filled(t *testing.T) Review {
	t.Helper()
	r := full()
	unclear := SourceReview{Source: flux.Source{Form: flux.FormMissing, Path: "spec", Problem: "its url is none"}}
	r.Object = map[string]any{
		"apiVersion": "v1", "kind": "k", "spec": map[string]any{}, "status": map[string]any{"secret": "s"},
		"metadata": map[string]any{
			"name": "n", "generateName": "g", "namespace": "ns", "labels": map[string]any{}, "annotations": map[string]any{},
			"uid": "u", "managedFields": []any{"m"}, "creationTimestamp": "c",
		},
	}
	r.Sources[0].Repository.Host, r.Sources[0].Ref.Semver = "10.0.0.1", ">=1.0.0 <2.0.0"
	fill(t, reflect.ValueOf(&r).Elem(), "")
	r.Sources = append(r.Sources, unclear)
	return r
}

// fill gives a value to whatever has none.
func fill(t *testing.T, v reflect.Value, at string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(t, v.Elem(), at)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		fill(t, v.Index(0), at+"[]")
	case reflect.Struct:
		for i := range v.NumField() {
			// A Problem hides the repository, and what is Unknown is not there; only that of the keys hides nothing.
			name := v.Type().Field(i).Name
			if name == "Problem" && v.Type() != reflect.TypeFor[Keys]() || name == "Unknown" {
				continue
			}
			fill(t, v.Field(i), at+"."+name)
		}
	case reflect.String:
		if v.String() == "" {
			v.SetString("1m")
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Map: // the raw object
	default:
		t.Fatalf("%s is a %s, which nobody fills", at, v.Kind())
	}
}

// TestTheExampleIsWhatTheCodeMakes of the object beside it.
func TestTheExampleIsWhatTheCodeMakes(t *testing.T) {
	text := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindStringSubmatch(section(t, "Example"))
	if text == nil {
		t.Fatal("the example shows no object")
	}
	object := objectOf(t, text[1])
	review := reviewOf(t, text[1], "")
	review.Operation, review.APIVersion, review.Object = "CREATE", object.GetAPIVersion(), object.Object
	review.Sources[0].Resolved = &Resolved{Tag: "v1.0.0", Digest: "sha256:" + strings.Repeat("ab", 32)}
	review.Sources[0].Keys = nil // nobody asked for them
	params := ast.ObjectTerm(ast.Item(ast.StringTerm("teams"), ast.ArrayTerm(ast.StringTerm("shop"), ast.StringTerm("payments"))))
	var shown strings.Builder
	encoder := json.NewEncoder(&shown)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(inputOf(t, review, ast.StringTerm("team-label"), params)); err != nil {
		t.Fatal(err)
	}
	blockOf(t, "Example", 1, shown.String())
}

// TestTheInputPageListsWhatCanBeCalled, by OPA's names, and operators as they are written.
func TestTheInputPageListsWhatCanBeCalled(t *testing.T) {
	operators, functions := map[string]bool{}, map[string]bool{}
	for _, builtin := range customCapabilities().Builtins {
		if builtin.Infix != "" {
			operators[builtin.Infix] = true
		} else {
			functions[builtin.Name] = true
		}
	}
	blockOf(t, "What a custom rule may call", 0, wrapped(operators))
	blockOf(t, "What a custom rule may call", 1, wrapped(functions))
}

// wrapped lists names in order, on lines of a readable length.
func wrapped(names map[string]bool) string {
	var text strings.Builder
	length := 0
	for _, name := range slices.Sorted(maps.Keys(names)) {
		switch {
		case length == 0:
		case length+len(name) > 110:
			text.WriteString("\n")
			length = 0
		default:
			text.WriteString(" ")
		}
		text.WriteString(name)
		length += len(name) + 1
	}
	return text.String() + "\n"
}

func TestTheInputPageKnowsTheLimits(t *testing.T) {
	limits := section(t, "Limits") + section(t, "Output")
	for _, want := range []string{
		fmt.Sprintf("| %d bytes |", maxModule), fmt.Sprintf("| %s, and %d MiB", maxCustomTime, maxCustomMemory>>20),
		fmt.Sprintf("rests for %s for", restFor), fmt.Sprintf("| %d bytes |", maxResult), fmt.Sprintf("| %d |\n", maxPieces),
		fmt.Sprintf("| %d |\n", maxDigits), fmt.Sprintf("| %d bytes |", maxTextLength), fmt.Sprintf("at most %d bytes", maxTextLength),
	} {
		if !strings.Contains(limits, want) {
			t.Errorf("%s does not say %q", inputPage, want)
		}
	}
}

// TestTheExampleRule is that of the example policy, compiles, and passes its tests.
func TestTheExampleRule(t *testing.T) {
	const folder = "../docs/examples/team-label/"
	set, err := Load(folder + "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	module := set.Find("ownership").Modules()[0]
	tests, err := os.ReadFile(folder + "team_label_test.rego")
	if err != nil {
		t.Fatal(err)
	}
	blockOf(t, "A custom rule", 0, module.Text)
	blockOf(t, "A custom rule", 1, string(tests))
	modules := map[string]string{"team_label.rego": module.Text, "team_label_test.rego": string(tests)}
	for name, text := range modules {
		formatted, err := format.SourceWithOpts(name, []byte(text), format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(formatted), text); diff != "" {
			t.Errorf("%s is not formatted (-want +got):\n%s", name, diff)
		}
	}
	outcomes, err := runRego(t, modules)
	if err != nil {
		t.Fatal(err)
	}
	for name, outcome := range outcomes {
		if outcome != "pass" {
			t.Errorf("%s: %s", name, outcome)
		}
	}
	if len(outcomes) < 4 {
		t.Errorf("only %d tests ran", len(outcomes))
	}
}
