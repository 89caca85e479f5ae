package rulesdoc

import (
	"encoding/json"
	"strings"

	"github.com/fluxgate/fluxgate/policy"
)

// RuleList is what `fluxgate rules -o json` prints; with a NAME it has one entry. Every field is always there. Fields may be
// added; one that is taken away, renamed or changed in meaning comes with another apiVersion.
type RuleList struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Rules are in alphabetical order.
	Rules []Rule `json:"rules"`
}

// Rule is what a rule says of itself.
type Rule struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Severity is low, medium, high or critical.
	Severity string `json:"severity"`
	// Phase is static (judged before anything is dialled) or facts (judged by what the registry said).
	Phase string `json:"phase"`
	// Needs is what the rule reads beside the objects and what a ref names: keys (those in the Secret of a verify block) or
	// signature (what came of verifying the artifact as that block asks). Most rules need neither.
	Needs []string `json:"needs"`
	// Description is Markdown.
	Description string `json:"description"`
	Remediation string `json:"remediation"`
	// Params is the JSON schema of `params` in an entry of spec.rules: an object that is closed.
	Params map[string]any `json:"params"`
	// Example is a list with one entry of spec.rules, in YAML.
	Example string `json:"example"`
	// Reads has an entry for each way in which Flux's objects name what they pull.
	Reads []Read `json:"reads"`
}

// Read says what a rule reads in objects of a form; it begins with "not applicable" where that is nothing.
type Read struct {
	Form   string `json:"form"`
	Fields string `json:"fields"`
}

func jsonList(rules []policy.Rule) (string, error) {
	list := RuleList{APIVersion: "fluxgate.dev/v1alpha1", Kind: "RuleList", Rules: make([]Rule, 0, len(rules))}
	for _, r := range rules {
		list.Rules = append(list.Rules, jsonRule(r))
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(list)
	return b.String(), err
}

func jsonRule(r policy.Rule) Rule {
	params := r.Params
	if params == nil {
		params = map[string]any{"type": "object", "additionalProperties": false} // as policy reads it
	}
	shown := Rule{
		Name: r.Name, Title: r.Title, Severity: r.Severity, Phase: r.Phase.String(), Needs: needs(r),
		Description: r.Description, Remediation: r.Remediation, Params: params, Example: r.Example,
		Reads: make([]Read, 0, len(r.Reads)),
	}
	for _, read := range r.Reads {
		shown.Reads = append(shown.Reads, Read(read))
	}
	return shown
}
