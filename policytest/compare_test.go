package policytest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUnmatched pairs as many as can be, whatever the order.
func TestUnmatched(t *testing.T) {
	for name, c := range map[string]struct {
		want, got        string
		missing, surplus []string
	}{
		"nothing":                               {"", "", nil, nil},
		"the same in another order":             {"a b", "b a", nil, nil},
		"one too few":                           {"a b", "b", []string{"a"}, nil},
		"one too many":                          {"a", "b a", nil, []string{"b"}},
		"twice is not once":                     {"a a", "a", []string{"a"}, nil},
		"a part that fits several gives way":    {"a ab", "ab a", nil, nil},
		"a chain of parts that give way":        {"a ab abc", "abc ab a", nil, nil},
		"a part that fits several, and no more": {"a ab abc", "abc abc abc", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			missing, surplus := unmatched(strings.Fields(c.want), strings.Fields(c.got), func(want, got string) bool { return strings.Contains(got, want) })
			if diff := cmp.Diff([][]string{c.missing, c.surplus}, [][]string{missing, surplus}); diff != "" {
				t.Errorf("missing and surplus (-want +got):\n%s", diff)
			}
		})
	}
}
