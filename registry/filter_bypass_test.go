package registry

import (
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/flux"
)

// A filter is compiled before anybody is asked, for every tenant who cares to send one.
func TestAFilterThatIsShortToWriteAndLargeToCompileIsABadReference(t *testing.T) {
	for sentence, filter := range map[string]string{
		"repeats of any character":     strings.Repeat(`.{1000}`, 100),
		"repeats within repeats":       strings.Repeat(`((.{10}){10}){10}`, 50),
		"repeats of a class":           strings.Repeat(`\pL{500}`, 100),
		"more than anybody would read": strings.Repeat("a", 1025),
	} {
		t.Run(sentence, func(t *testing.T) {
			ref := flux.Ref{Semver: ">=1.0.0", SemverFilter: filter}
			if _, err := newVersions(flux.Source{Ref: ref}); err == nil {
				t.Errorf("newVersions accepts %d characters", len(filter))
			}
		})
	}
	for _, filter := range []string{`^v?[0-9]+\.[0-9]+\.[0-9]+-[a-f0-9]{40}$`, `.*-rc\.[0-9]{1,3}`, `^\pL{1,50}$`} {
		ref := flux.Ref{Semver: ">=1.0.0", SemverFilter: filter}
		if _, err := newVersions(flux.Source{Ref: ref}); err != nil {
			t.Errorf("newVersions refuses %s: %v", filter, err)
		}
	}
}
