package flux

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/Masterminds/semver/v3"
)

// FuzzRange asks the library itself: of a range that counts as bounded it must admit no version without end, of one that
// counts as without pre-releases none of them, and of one that counts as malformed nothing.
func FuzzRange(f *testing.F) {
	for _, texts := range ranges() {
		for _, text := range texts {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := parseRange(text)
		read, err := semver.NewConstraint(text)
		if r.Malformed != (err != nil) {
			t.Fatalf("%q: malformed %t, the library says %v", text, r.Malformed, err)
		}
		if r.Malformed {
			if r.Bounded || r.Prereleases {
				t.Errorf("%q: %+v", text, r)
			}
			return
		}
		numbers := numbersNear(text)
		for _, version := range probes(numbers) {
			v, err := semver.StrictNewVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			if r.Bounded && v.Major() >= unreachable && read.Check(v) {
				t.Errorf("%q counts as bounded, and admits %s", text, v)
			}
			if !r.Prereleases && v.Prerelease() != "" && read.Check(v) {
				t.Errorf("%q counts as without pre-releases, and admits %s", text, v)
			}
		}
	})
}

// TestAnUnboundedRangeAdmitsVersionsWithoutEnd, but for those whose wildcard the library reads as hardly any version.
func TestAnUnboundedRangeAdmitsVersionsWithoutEnd(t *testing.T) {
	hardlyAny := []string{"<*", "<=*", "^*", "^x", "1.2 - *", "1 - x", "* - *"}
	for want, texts := range ranges() {
		if want.Bounded || want.Malformed {
			continue
		}
		for _, text := range texts {
			read, err := semver.NewConstraint(text)
			if err != nil {
				t.Fatal(err)
			}
			admitted := slices.ContainsFunc(probes(numbersNear(text)), func(version string) bool {
				v := semver.MustParse(version)
				return v.Major() >= unreachable-1 && read.Check(v)
			})
			if admitted == slices.Contains(hardlyAny, text) {
				t.Errorf("%q admits a version without end: %t", text, admitted)
			}
		}
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// numbersNear are the numbers at which a range can turn: those written in it, their neighbours, and the ends.
func numbersNear(text string) []uint64 {
	near := map[uint64]bool{0: true, unreachable - 1: true, unreachable: true, math.MaxUint64 - 1: true, math.MaxUint64: true}
	for i, written := range digits.FindAllString(text, -1) {
		n, err := strconv.ParseUint(written, 10, 64)
		if err != nil || i > 8 {
			continue
		}
		near[n-1], near[n], near[n+1] = true, true, true
	}
	return slices.Sorted(maps.Keys(near))
}

// probes are versions of these numbers, as releases and as pre-releases: all of them as the major one, few as the others.
func probes(numbers []uint64) []string {
	few := append(slices.Clone(numbers[:4]), numbers[len(numbers)-1])
	var all []string
	for _, major := range numbers {
		for _, minor := range few {
			for _, patch := range few {
				release := fmt.Sprintf("%d.%d.%d", major, minor, patch)
				all = append(all, release, release+"-0", release+"-alpha.1", release+"-zz")
			}
		}
	}
	return all
}
