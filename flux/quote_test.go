package flux_test

import (
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
)

func TestPlainShowsNamesAndQuotesTheRest(t *testing.T) {
	for name, want := range map[string]string{
		"app-1.example":           "app-1.example",
		"":                        `""`,
		"a\x1b[2Jb":               `"a\x1b[2Jb"`,
		"a\nb":                    `"a\nb"`,
		strings.Repeat("a", 300):  `"` + strings.Repeat("a", 64) + `"…`,
		strings.Repeat("\n", 300): `"` + strings.Repeat(`\n`, 64) + `"…`,
	} {
		if got := flux.Plain(name); got != want {
			t.Errorf("Plain(%q) = %s, want %s", name, got, want)
		}
	}
}
