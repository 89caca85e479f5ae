package flux

import (
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

const (
	// anyVersion is what Flux reads where a chart names no version (source-controller, GetChartVersion).
	anyVersion = "*"
	// unreachable is a major version that nobody reaches, not even by numbering releases after the clock: a bound at or
	// above it is none.
	unreachable = 1 << 62
)

// Range is what a range of versions lets Flux choose from.
type Range struct {
	// Text is the range as written, "*" where a chart names none.
	Text string
	// Malformed: it is no range. For a chart, Flux takes the tag of that name, if there is one; otherwise it fails.
	Malformed bool
	// Bounded: there is a major version, below one that nobody reaches, above which it admits nothing.
	Bounded bool
	// Prereleases: it names a pre-release, by which Flux considers those of other versions as well.
	Prereleases bool
}

// RangeOf gives the range that a source is chosen by, and whether there is one: ref.semver of an OCIRepository, and the
// version of a chart in a HelmRepository, be that over http or not there (yet).
func RangeOf(s Source) (Range, bool) {
	switch {
	case s.Ref.Semver != "":
		return parseRange(s.Ref.Semver), true
	case s.Chart != "":
		return parseRange(anyVersion), true
	default:
		return Range{}, false
	}
}

// parseRange leaves the reading to the library that Flux uses, whose grammar has corners (ranges are rewritten before "||"
// is looked for, so that "1||2 - 3" is "1 or more, or 2"), and judges what the library says that it has read: groups of
// comparators, of which one group, with all of its comparators, must be satisfied.
func parseRange(text string) Range {
	read, err := semver.NewConstraint(text)
	if err != nil {
		return Range{Text: text, Malformed: true}
	}
	r := Range{Text: text, Bounded: true}
	for group := range strings.SplitSeq(read.String(), " || ") {
		bounded := false
		for written := range strings.SplitSeq(group, " ") {
			c := newComparator(written)
			bounded = bounded || c.bounds()
			r.Prereleases = r.Prereleases || c.prerelease
		}
		r.Bounded = r.Bounded && bounded
	}
	return r
}

// comparator is an operator with a version, as semver.Constraints.String writes it: no blanks, no doubt.
type comparator struct {
	operator string
	// numbers are those written, of major, minor and patch; a wildcard ends them.
	numbers    []uint64
	prerelease bool
}

func newComparator(written string) comparator {
	version := strings.TrimLeft(written, "=!<>~^")
	c := comparator{operator: strings.TrimSuffix(written, version)}
	version = strings.TrimPrefix(version, "v")
	numbers := version
	if end := strings.IndexAny(version, "-+"); end >= 0 {
		numbers, c.prerelease = version[:end], version[end] == '-'
	}
	for part := range strings.SplitSeq(numbers, ".") {
		number, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			break
		}
		c.numbers = append(c.numbers, number)
	}
	return c
}

// bounds reports whether the comparator admits no major version above its own.
func (c comparator) bounds() bool {
	if len(c.numbers) == 0 || c.numbers[0] >= unreachable {
		return false // "*" admits everything behind most operators, and nothing much behind the others
	}
	switch c.operator {
	case "", "=", "<", "<=", "=<", "^":
		return true
	case "~", "~>":
		// The library takes ~0.0.0 for 0.0.0 or more (constraintTilde).
		return len(c.numbers) < 3 || c.numbers[0]|c.numbers[1]|c.numbers[2] > 0
	default: // ">", ">=", "=>", "!="
		return false
	}
}
