package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/policy"
)

// TestRulesDocument keeps docs/rules.md equal to what the command prints.
func TestRulesDocument(t *testing.T) {
	got := inProcess("", "rules", "-o", "markdown")
	if got.Code != 0 || got.Stderr != "" {
		t.Fatalf("exit code %d: %s", got.Code, got.Stderr)
	}
	golden(t, "../../../../docs/rules.md", got.Stdout)
}

func TestRulesOfOneName(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		golden string
	}{
		"as text":                     {[]string{"rules", "registry-allowlist"}, "rule.txt"},
		"as json":                     {[]string{"rules", "registry-allowlist", "-o", "json"}, "rule.json"},
		"with what it needs, as text": {[]string{"rules", "signature-verified"}, "rule-signed.txt"},
		"with what it needs, as json": {[]string{"rules", "signature-verified", "-o", "json"}, "rule-signed.json"},
		"as markdown":                 {[]string{"rules", "-o", "markdown", "registry-allowlist"}, "rule.md"},
		"help of rules":               {[]string{"rules", "--help"}, "rules-help.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			got := inProcess("", c.args...)
			if got.Code != 0 || got.Stderr != "" {
				t.Errorf("exit code %d: %s", got.Code, got.Stderr)
			}
			golden(t, c.golden, got.Stdout)
		})
	}
}

// TestRulesTable: a line for each rule, in the order of the library, and nothing else.
func TestRulesTable(t *testing.T) {
	rules, err := policy.Rules()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"NAME", "SEVERITY", "PHASE", "TITLE"}}
	for _, r := range rules {
		want = append(want, append([]string{r.Name, r.Severity, r.Phase.String()}, strings.Fields(r.Title)...))
	}
	var got [][]string
	for line := range strings.Lines(inProcess("", "rules").Stdout) {
		got = append(got, strings.Fields(line))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

// TestRulesJSONIsWhatIsPromised reads the list as somebody would who only knows the command's help.
func TestRulesJSONIsWhatIsPromised(t *testing.T) {
	rules, err := policy.Rules()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, r := range rules {
		want = append(want, r.Name)
	}
	var list struct {
		APIVersion, Kind string
		Rules            []map[string]any
	}
	if err := json.Unmarshal([]byte(inProcess("", "rules", "-o", "json").Stdout), &list); err != nil {
		t.Fatal(err)
	}
	if list.APIVersion != "fluxgate.dev/v1alpha1" || list.Kind != "RuleList" {
		t.Errorf("got %s %s, want the RuleList of fluxgate.dev/v1alpha1", list.APIVersion, list.Kind)
	}
	promised := []string{"name", "title", "severity", "phase", "needs", "description", "remediation", "params", "example", "reads"}
	for _, rule := range list.Rules {
		name, _ := rule["name"].(string)
		got = append(got, name)
		for _, field := range promised {
			if value, there := rule[field]; !there || value == nil || value == "" {
				t.Errorf("%s has no %s", name, field)
			}
		}
		if schema, _ := rule["params"].(map[string]any); schema["type"] != "object" || schema["additionalProperties"] != false {
			t.Errorf("params of %s are no closed object: %v", name, schema)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestRulesBadUsageIsTwo(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		stderr string
	}{
		"a slip in a name":            {[]string{"registry-allow-list"}, "fluxgate: unknown rule \"registry-allow-list\": did you mean registry-allowlist?\n"},
		"an unknown name, as json":    {[]string{"forbid-tag", "-o", "json"}, "fluxgate: unknown rule \"forbid-tag\": did you mean forbid-tags?\n"},
		"a name of a denial":          {[]string{"signatures"}, "fluxgate: signatures is judged by Fluxgate itself, and named in no spec.rules: see docs/troubleshooting.md\n"},
		"two names":                   {[]string{"forbid-tags", "canonical-url"}, "fluxgate: accepts at most 1 arg(s), received 2\nsee 'fluxgate rules --help'\n"},
		"an unknown format":           {[]string{"-o", "yaml"}, "fluxgate: --output: unknown output format \"yaml\": want text, json, markdown\n"},
		"an empty format":             {[]string{"-o", "", "forbid-tags"}, "fluxgate: --output: unknown output format \"\": want text, json, markdown\n"},
		"a format before a bad name":  {[]string{"-o", "xml", "nope"}, "fluxgate: --output: unknown output format \"xml\": want text, json, markdown\n"},
		"an unknown flag of its own":  {[]string{"--wide"}, "fluxgate: unknown flag: --wide\nsee 'fluxgate rules --help'\n"},
		"the format without its name": {[]string{"-o"}, "fluxgate: flag needs an argument: 'o' in -o\nsee 'fluxgate rules --help'\n"},
	} {
		t.Run(name, func(t *testing.T) {
			want := outcome{Code: 2, Stderr: c.stderr}
			if diff := cmp.Diff(want, inProcess("", append([]string{"rules"}, c.args...)...)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestRulesThatCannotBeWrittenAreThree: half a list is no success.
func TestRulesThatCannotBeWrittenAreThree(t *testing.T) {
	var stderr strings.Builder
	if code := run([]string{"rules"}, os.Stdin, full{}, &stderr); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if want := "fluxgate: write the rules: no space left\n"; stderr.String() != want {
		t.Errorf("stderr is %q, want %q", stderr.String(), want)
	}
}
