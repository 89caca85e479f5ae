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

func TestPrintableWritesOutWhatMovesOrTurnsText(t *testing.T) {
	for text, want := range map[string]string{
		`ghcr.io/größe "a" \n`: `ghcr.io/größe "a" \n`,
		"":                     "",
		"a\r\nb":               `a\r\nb`,
		"a\x1b[2Jb":            `a\x1b[2Jb`,
		"a\u009bb":             `a\u009bb`,
		"a\u202eb":             `a\u202eb`,
		"a\x9bb":               "a\ufffdb",
	} {
		if got := flux.Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}
