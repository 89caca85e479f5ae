package policytest

import (
	"fmt"
	"strings"
)

// differences says in words what is other than expected; nil where nothing is.
func (o outcome) differences(want expectation) []string {
	var all []string
	if o.verdict != want.Verdict {
		all = append(all, fmt.Sprintf("verdict: want %s, got %s", want.Verdict, o.verdict))
	}
	missing, surplus := unmatched(want.Violations, o.violations, Violation.matches)
	for _, v := range missing {
		all = append(all, "want, and is not there: "+v.expected())
	}
	for _, v := range surplus {
		all = append(all, "is there, and not wanted: "+v.found())
	}
	if want.Pins != nil {
		missing, surplus := unmatched(want.Pins, o.pins, func(want, got Pin) bool { return want == got })
		for _, p := range missing {
			all = append(all, "want, and is not there: "+p.String())
		}
		for _, p := range surplus {
			all = append(all, "is there, and not wanted: "+p.String())
		}
	}
	return all
}

// matches reports whether a violation that was found is the one that is wanted.
func (v Violation) matches(got Violation) bool {
	return v.Policy == got.Policy && v.Rule == got.Rule && v.Action == got.Action && v.Path == got.Path &&
		strings.Contains(got.Message, v.Message)
}

// expected names a violation as it is wanted, found as it was found.
func (v Violation) expected() string {
	text := fmt.Sprintf("%s [%s/%s] %s", strings.ToLower(v.Action), v.Policy, v.Rule, v.Path)
	if v.Message != "" {
		text += fmt.Sprintf(", with %q in its message", v.Message)
	}
	return text
}

func (v Violation) found() string {
	return fmt.Sprintf("%s [%s/%s] %s: %s", strings.ToLower(v.Action), v.Policy, v.Rule, v.Path, v.Message)
}

// String is what a check says of a pin.
func (p Pin) String() string {
	verb := "pin"
	if p.Dry {
		verb = "would pin"
	}
	return fmt.Sprintf("%s %s: %s", verb, p.Path, p.Digest)
}

// unmatched pairs what is wanted with what was found, each with one at most, and gives what is left of both. As a part of a
// message may be in several, it looks for the largest pairing (Kuhn's algorithm).
func unmatched[T any](want, got []T, matches func(want, got T) bool) (missing, surplus []T) {
	partner := make([]int, len(got)) // of what was found: 1 + the index of what is wanted
	var pair func(w int, tried []bool) bool
	pair = func(w int, tried []bool) bool {
		for g := range got {
			if tried[g] || !matches(want[w], got[g]) {
				continue
			}
			tried[g] = true
			if partner[g] == 0 || pair(partner[g]-1, tried) {
				partner[g] = w + 1
				return true
			}
		}
		return false
	}
	for w := range want {
		if !pair(w, make([]bool, len(got))) {
			missing = append(missing, want[w])
		}
	}
	for g := range got {
		if partner[g] == 0 {
			surplus = append(surplus, got[g])
		}
	}
	return missing, surplus
}
