package policy

import (
	"strings"
	"testing"
)

// TestExamplesAreValid: what `fluxgate rules` and docs/rules.md show can be copied.
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

func TestFindRule(t *testing.T) {
	rules := []Rule{{Name: "forbid-tags", Title: "no such tags"}, {Name: "require-digest"}, {Name: "require-verify"}}
	for name, c := range map[string]struct{ asked, title, err string }{
		"a rule":           {asked: "forbid-tags", title: "no such tags"},
		"a slip":           {asked: "forbid-tag", err: `unknown rule "forbid-tag": did you mean forbid-tags?`},
		"another case":     {asked: "Forbid-Tags", err: `unknown rule "Forbid-Tags": did you mean forbid-tags?`},
		"nothing like it":  {asked: "xyz", err: `unknown rule "xyz": use forbid-tags, require-digest or require-verify`},
		"no name":          {asked: "", err: `unknown rule "": use forbid-tags, require-digest or require-verify`},
		"a hostile string": {asked: "a\n\x1b[31m", err: `unknown rule "a\n\x1b[31m": use forbid-tags, require-digest or require-verify`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := FindRule(rules, c.asked)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if found.Title != c.title || said != c.err {
				t.Errorf("got %q and %q, want %q and %q", found.Title, said, c.title, c.err)
			}
		})
	}
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) + "\n" }
