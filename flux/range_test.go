package flux

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangeOf(t *testing.T) {
	for sentence, test := range map[string]struct {
		source Source
		want   Range
		found  bool
	}{
		"an OCIRepository with a range": {
			Source{Form: FormOCIRepository, Ref: Ref{Semver: "1.x"}}, Range{Text: "1.x", Bounded: true}, true},
		"an OCIRepository with a tag": {Source{Form: FormOCIRepository, Ref: Ref{Tag: "v1"}}, Range{}, false},
		"a chart with a version": {
			Source{Form: FormHelmChart, Chart: "a", Ref: Ref{Semver: ">1"}}, Range{Text: ">1"}, true},
		"a chart without": {Source{Form: FormHelmChart, Chart: "a"}, Range{Text: "*"}, true},
		"a chart whose HelmRepository is not there": {
			Source{Form: FormMissing, Chart: "a", Ref: Ref{Semver: "1.2.3"}}, Range{Text: "1.2.3", Bounded: true}, true},
		"a chart over http": {Source{Form: FormOther, Chart: "a"}, Range{Text: "*"}, true},
		"a GitRepository":   {Source{Form: FormOther}, Range{}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, found := RangeOf(test.source)
			if diff := cmp.Diff(test.want, got); diff != "" || found != test.found {
				t.Errorf("found %t, want %t; (-want +got):\n%s", found, test.found, diff)
			}
		})
	}
}

// ranges lists them by what is to be said of them.
func ranges() map[Range][]string {
	return map[Range][]string{
		{Bounded: true}: {
			"1.2.3", "v1.2.3", "=1.2.3", "= 1.2.3", "1.2.3+build-1", "0.0.0", "=0.0.0", " 1 ",
			"1", "1.2", "1.x", "1.X", "1.*", "1.2.x", "1.x.x", "v1.x", "=1.x", "0.x", "0.0.x", "1.x.5", "1.x.|", "0", "0.0",
			"~1", "~1.2", "~1.2.3", "~ 1.2.3", "~>1", "~> 1.2", "~0", "~0.x", "~0.0", "~0.0.x", "~0.0.1", "~0.1.0",
			"~0.9223372036854775808.9223372036854775808",
			"^1", "^1.2", "^1.2.3", "^ 1.2.3", "^0", "^0.2", "^0.2.3", "^0.0", "^0.0.0", "^0.0.3", "^1.x",
			"<2", "< 2", "<2.x", "<=2", "<= 2.5.x", "=<2", "=< 2", "<2.0.0", "<0.0.0", "<=v2",
			">=1 <2", ">=1, <2", ">=1,<2", ">= 1 , < 2", "=>1 =<2", ">1.2 !=1.5 <2", "* <2", "<2 *", "!=1.0.0 <2", "1 2", "1,2",
			"1.2 - 2", "1 - 2", "1.0.0 - 2.x", "v1 - v2", "1\t-\n2", "* - 2", "1 - 2 3 - 4",
			"1.x || 2.x", "1||2", ">=1 <2||>=3 <4", "<1 || =5", "20261124.x", "20261124183000123.x",
		},
		{}: {
			"*", "x", "X", "v*", "=*", "= x", "*.1.2", "x.x.x", "*+build", "*.|", "x.99999999999999999999",
			">1", "> 1", ">1.x", ">=1", ">= 1", "=>1", "=> 1", ">=0", ">0.0.0", "!=1", "!= 1.0.0", "!=1.x",
			"~*", "~>x", "~0.0.0", "~>0.0.0", "~00.0.000", "~0.0.0+build",
			">=1 !=999", ">=1, !=18446744073709551615.x", "!=18446744073709551615.18446744073709551615.18446744073709551615",
			">=1.0.0, <2 || >=3", "1.x || *", "* || 1.x", "<2 || >=3 || <5", ">=3||<2", "1.x.5|6 || >2",
			"1||2 - 3", "v1||2 - 3", "1||2.x - 3", // the library rewrites the range first: ">= 1||2, <= 3"
			"<18446744073709551615", "<18446744073709551615.5", "<=18446744073709551615", "1 - 18446744073709551615",
			"18446744073709551615", "18446744073709551615.x", "^18446744073709551615", "~18446744073709551615.3", "<4611686018427387904",
			"<*", "<=*", "^*", "^x", "1.2 - *", "1 - x", "* - *", // its documents say "any", its code says hardly any
		},
		{Bounded: true, Prereleases: true}: {
			"1.2.3-rc.1", "<2.0.0-0", ">=1.0.0-0 <2", ">=1 <2.0.0-alpha", "1.x-0", "1.2.x-alpha.1", "~1.2.3-beta", "^1.0.0-0",
			"1.0.0-alpha - 2.0.0", "0.0.0-1 - 2", "1.0.0-0 || 2.x", "!=1.0.0-rc1 <2", "1.2.3-rc.1+build", "=1.0.0-0 2.x",
			"1.2-3", // no range from 1.2 to 3: that wants blanks
		},
		{Prereleases: true}: {
			">=1.0.0-0", "*-0", "x-alpha", "*-0.1+x-y", ">0.0.0-0", "!=1.0.0-rc1", "~0.0.0-0", ">=1-0", "1.x || >=2.0.0-0", "1.0.0-0 || *",
		},
		{Malformed: true}: {
			" ", "latest", "stable", "1.2.3.4", ">", "<", "1 <", "><1", "> =1", ">>1", "1 2 -", "a.b.c", "1,,2", ",1", "1 | 2", "1|2",
			"||", "1 ||", "|| 1", "^^1", "1.2.3-", "1.2.3-01", "18446744073709551616", "99999999999999999999.x", "xx", "1.xx", "vv1",
			"1 -2", "1- 2", ">=1 - 2", ">1.0.0 - 2.0.0", "1 - <2", "1 - 2 - 3", strings.Repeat("1", 513), strings.Repeat("1||", 32) + "1",
			"１.x", "≥1", "1\x00", "0x1", "1e3",
		},
	}
}

func TestRanges(t *testing.T) {
	for want, texts := range ranges() {
		for _, text := range texts {
			want.Text = text
			if diff := cmp.Diff(want, parseRange(text)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	}
}
