package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestRulesDocument keeps docs/rules.md equal to what the rules say of themselves.
func TestRulesDocument(t *testing.T) {
	rules, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/rules.md", rulesDocument(rules))
}

// TestExamplesAreValid: what the document shows can be copied.
func TestExamplesAreValid(t *testing.T) {
	rules, err := Rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		set, err := Parse(r.Name, []byte(head+"  rules:\n"+indent(r.Example, "  ")))
		if err != nil {
			t.Errorf("the example of %s: %v", r.Name, err)
			continue
		}
		if got := set.policies[0].rules[0].Name; got != r.Name {
			t.Errorf("the example of %s is one of %s", r.Name, got)
		}
	}
}

func rulesDocument(rules []Rule) string {
	var b strings.Builder
	b.WriteString("<!-- Written from the rules' METADATA by `go test ./policy -run TestRulesDocument -update`; do not edit. -->\n")
	b.WriteString("# Rules\n\nA policy names its rules in `spec.rules`, each at most once.\n\n")
	b.WriteString("| rule | severity | needs the registry | |\n|---|---|---|---|\n")
	for _, r := range rules {
		needs := "no"
		if r.Phase == Facts {
			needs = "yes"
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", r.Name, r.Name, r.Severity, needs, r.Title)
	}
	for _, r := range rules {
		writeRule(&b, r)
	}
	b.WriteString("\n## What each rule reads\n\nA source that another object declares is judged where it is referred to as well,\n")
	b.WriteString("and told there at the path of the reference. GitRepository, Bucket and HelmRepository over http name no OCI\n")
	b.WriteString("artifact and are judged by\nno rule; an ExternalArtifact or a kind that Fluxgate does not know is named as untraceable.\n")
	for _, form := range Forms() {
		fmt.Fprintf(&b, "\n### %s\n\n| rule | reads |\n|---|---|\n", form)
		for _, r := range rules {
			i := slices.IndexFunc(r.Reads, func(read Read) bool { return read.Form == form })
			fmt.Fprintf(&b, "| %s | %s |\n", r.Name, r.Reads[i].Fields)
		}
	}
	return b.String()
}

func writeRule(b *strings.Builder, r Rule) {
	fmt.Fprintf(b, "\n## %s\n\n**%s.**\n%s\n\nTo pass: %s.\n", r.Name, sentence(r.Title), r.Description, r.Remediation)
	properties, _ := r.Params["properties"].(map[string]any)
	if len(properties) > 0 {
		b.WriteString("\n| parameter | | default | entries |\n|---|---|---|---|\n")
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p, _ := properties[name].(map[string]any)
		items, _ := p["items"].(map[string]any)
		fmt.Fprintf(b, "| `%s` | %v | %s | %s |\n", name, p["description"], orRequired(p["default"]), entries(items))
	}
	fmt.Fprintf(b, "\n```yaml\n%s\n```\n", r.Example)
}

func sentence(title string) string { return strings.ToUpper(title[:1]) + title[1:] }

func orRequired(value any) string {
	if value == nil {
		return "required"
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return "`" + strings.Join(strings.Split(strings.TrimPrefix(strings.TrimSpace(string(text)), "- "), "\n- "), "`, `") + "`"
}

func entries(items map[string]any) string {
	if enum, ok := items["enum"].([]any); ok {
		var all []string
		for _, v := range enum {
			all = append(all, fmt.Sprintf("`%v`", v))
		}
		return strings.Join(all, ", ")
	}
	return strings.ReplaceAll(fmt.Sprintf("`%v`", items["pattern"]), "|", `\|`)
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) + "\n" }
