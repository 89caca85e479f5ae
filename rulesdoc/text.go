package rulesdoc

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/fluxgate/fluxgate/policy"
)

func textList(rules []policy.Rule) string {
	rows := make([][]string, 0, len(rules)+1)
	rows = append(rows, []string{"NAME", "SEVERITY", "PHASE", "TITLE"})
	for _, r := range rules {
		rows = append(rows, []string{r.Name, r.Severity, r.Phase.String(), r.Title})
	}
	return columns(rows, "")
}

func textDetails(r policy.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", r.Name, r.Title)
	head := [][]string{{"Severity:", r.Severity}, {"Phase:", r.Phase.String()}}
	if needed := needs(r); len(needed) > 0 {
		head = append(head, []string{"Needs:", strings.Join(needed, ", ")})
	}
	b.WriteString(columns(head, ""))
	fmt.Fprintf(&b, "\n%s\n\nTo pass: %s.\n\nParameters:\n", r.Description, r.Remediation)
	parameters := parametersOf(r.Params, "")
	if len(parameters) == 0 {
		b.WriteString("  none\n")
	}
	for _, p := range parameters {
		b.WriteString(textParameter(p))
	}
	fmt.Fprintf(&b, "\nExample, in spec.rules:\n%s\nReads in:\n", indented(r.Example, "  "))
	rows := make([][]string, 0, len(r.Reads))
	for _, read := range r.Reads {
		rows = append(rows, []string{read.Form, read.Fields})
	}
	b.WriteString(columns(rows, "  "))
	return b.String()
}

func textParameter(p parameter) string {
	text := fmt.Sprintf("  %s (%s, %s)\n", p.name, p.kind, p.presence(plain))
	for _, more := range []string{p.description, p.limits.sentence(plain)} {
		if more != "" {
			text += indented(more, "      ")
		}
	}
	return text
}

func plain(value string) string { return value }

// columns aligns rows; the last cell of a row is not padded.
func columns(rows [][]string, indent string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, indent+strings.Join(row, "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

// indented ends with a newline; empty lines stay empty.
func indented(text, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(indent+line, " \n") + "\n")
	}
	return b.String()
}
