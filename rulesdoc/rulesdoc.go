// Package rulesdoc shows what rules say of themselves: to users of `fluxgate rules`, to programs, and as docs/rules.md.
package rulesdoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/policy"
)

// Formats are the names that List and Details know.
func Formats() []string { return []string{"text", "json", "markdown"} }

// CheckFormat returns an error for a name that List and Details do not know.
func CheckFormat(format string) error {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("unknown output format %q: want %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// List shows all rules: a table as text, all that is known of each as json, and docs/rules.md as markdown.
func List(rules []policy.Rule, format string) (string, error) {
	switch format {
	case "text":
		return textList(rules), nil
	case "json":
		return jsonList(rules)
	case "markdown":
		return markdownDocument(rules), nil
	}
	return "", CheckFormat(format)
}

// Details shows all that is known of one rule; as json in the same envelope as List.
func Details(rule policy.Rule, format string) (string, error) {
	switch format {
	case "text":
		return textDetails(rule), nil
	case "json":
		return jsonList([]policy.Rule{rule})
	case "markdown":
		return markdownPage(rule), nil
	}
	return "", CheckFormat(format)
}

// need says in a table whether a rule can be judged offline.
func need(phase policy.Phase) string {
	if phase == policy.Facts {
		return "yes"
	}
	return "no"
}

// needs are the names that a rule's METADATA has under needs; never nil.
func needs(r policy.Rule) []string {
	named := []string{}
	if r.NeedsKeys {
		named = append(named, "keys")
	}
	if r.NeedsSignature {
		named = append(named, "signature")
	}
	return named
}
