package verdicts_test

import (
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// TestAnExpressionThatIsShortToWriteAndLargeToCompileIsRefused: it is read at each review, for every tenant who cares to write
// one, and 16 KB of ".{1000}" take seconds and half a gigabyte.
func TestAnExpressionThatIsShortToWriteAndLargeToCompileIsRefused(t *testing.T) {
	w := newWorld(t)
	const of = "bad-identity: has a verify block whose matchOIDCIdentity[0].subject "
	for sentence, test := range map[string]struct{ pattern, want string }{
		"repeats of any character": {strings.Repeat(`.{1000}`, 10), of + `repeats too much: write "*" or "+" instead of large counts`},
		"repeats within repeats":   {strings.Repeat(`((.{10}){10}){10}`, 50), of + `repeats too much: write "*" or "+" instead of large counts`},
		"more than anybody reads":  {strings.Repeat("a", 1025), of + "has more than 1024 characters: shorten it"},
	} {
		t.Run(sentence, func(t *testing.T) {
			block := flux.Verify{Identities: []flux.Identity{{Issuer: "^https://a$", Subject: test.pattern}}}
			if got := summary(w.own(verdicts.New(w.options), w.source(block))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestTheSameIsWrongEachTime with an identity of which everything is.
func TestTheSameIsWrongEachTime(t *testing.T) {
	w := newWorld(t)
	v := verdicts.New(w.options)
	const want = "bad-identity: has a verify block whose matchOIDCIdentity[0].issuer is empty, and so matches anybody"
	for range 50 {
		if got := summary(w.own(v, w.source(flux.Verify{Identities: []flux.Identity{{}}}))); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}
