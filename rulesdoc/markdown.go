package rulesdoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/policy"
)

const (
	documentHead = "<!-- Printed by `fluxgate rules -o markdown` from the rules' METADATA; do not edit.\n" +
		"     `go test ./cmd/fluxgate -run TestRulesDocument -update` writes it. -->\n" +
		"# Rules\n\nA policy names its rules in `spec.rules`, each at most once. `fluxgate rules` lists them in a terminal, and\n" +
		"`fluxgate rules NAME` shows one.\n\n" +
		"| rule | severity | needs the registry | |\n|---|---|---|---|\n"

	readsHead = "\n## What each rule reads\n\nA source that another object declares is judged where it is referred to as well, and told there at the path of the\n" +
		"reference. GitRepository, Bucket and HelmRepository over http name no OCI artifact: only rules whose description\n" +
		"speaks of them judge them. An ExternalArtifact or a kind that Fluxgate does not know is named as untraceable.\n"
)

// markdownDocument is docs/rules.md.
func markdownDocument(rules []policy.Rule) string {
	var b strings.Builder
	b.WriteString(documentHead)
	for _, r := range rules {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", r.Name, r.Name, r.Severity, need(r.Phase), r.Title)
	}
	for _, r := range rules {
		b.WriteString("\n")
		b.WriteString(markdownRule(r))
	}
	b.WriteString(readsHead)
	for _, form := range forms(rules) {
		fmt.Fprintf(&b, "\n### %s\n\n| rule | reads |\n|---|---|\n", form)
		for _, r := range rules {
			if i := slices.IndexFunc(r.Reads, func(read policy.Read) bool { return read.Form == form }); i >= 0 {
				fmt.Fprintf(&b, "| %s | %s |\n", r.Name, r.Reads[i].Fields)
			}
		}
	}
	return b.String()
}

// forms are those that the rules know, in their order.
func forms(rules []policy.Rule) []string {
	var all []string
	for _, r := range rules {
		for _, read := range r.Reads {
			if !slices.Contains(all, read.Form) {
				all = append(all, read.Form)
			}
		}
	}
	return all
}

// markdownPage is a rule alone: its section of the document, with what it reads.
func markdownPage(r policy.Rule) string {
	var b strings.Builder
	b.WriteString(markdownRule(r))
	b.WriteString("\n| in | it reads |\n|---|---|\n")
	for _, read := range r.Reads {
		fmt.Fprintf(&b, "| %s | %s |\n", read.Form, read.Fields)
	}
	return b.String()
}

func markdownRule(r policy.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n**%s.**\n%s\n\nTo pass: %s.\n", r.Name, capital(r.Title), r.Description, r.Remediation)
	parameters := parametersOf(r.Params, "")
	if len(parameters) > 0 {
		b.WriteString("\n| parameter | type | | meaning |\n|---|---|---|---|\n")
	}
	for _, p := range parameters {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.name, p.kind, p.presence(code), meaning(p))
	}
	fmt.Fprintf(&b, "\n```yaml\n%s\n```\n", r.Example)
	return b.String()
}

// meaning is the description on one line, and what the schema asks for.
func meaning(p parameter) string {
	description := strings.NewReplacer("\n", " ", "|", `\|`).Replace(strings.TrimSpace(p.description))
	limits := p.limits.sentence(code)
	if description != "" && limits != "" {
		return description + "; " + limits
	}
	return description + limits
}

func capital(title string) string { return strings.ToUpper(title[:1]) + title[1:] }

// code is for cells of tables: there, a bar stands for itself only behind a backslash.
func code(value string) string { return "`" + strings.ReplaceAll(value, "|", `\|`) + "`" }
