package policy

import (
	"slices"
	"strings"
)

// notApplicable begins what a rule says of a form in which it reads nothing.
const notApplicable = "not applicable"

// Idle gives the built-in rules of the policy that read nothing in any of the kinds which it selects, in the policy's order.
// Such a rule is no mistake that breaks anything, but it never says a word. A policy that is broken has none.
func (p *Policy) Idle() []string {
	var idle []string
	for _, r := range p.rules {
		if !r.custom && !r.readsAny(p.match.kinds) {
			idle = append(idle, r.Name)
		}
	}
	return idle
}

// readsAny reports whether the rule reads something in a form of one of the kinds; no kinds are all.
func (r *Rule) readsAny(kinds []string) bool {
	return slices.ContainsFunc(r.Reads, func(read Read) bool {
		kind, _, _ := strings.Cut(read.Form, " ")
		return (len(kinds) == 0 || slices.Contains(kinds, kind)) && !strings.HasPrefix(read.Fields, notApplicable)
	})
}
