package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
)

func TestBadUsageIsTwo(t *testing.T) {
	cases := map[string]struct {
		args   []string
		stderr string
	}{
		"an unknown command":             {[]string{"chekc"}, `unknown command "chekc" for "fluxgate"`},
		"an unknown flag":                {[]string{"--nope"}, "unknown flag: --nope\nsee 'fluxgate --help'"},
		"an unknown flag of a command":   {[]string{"version", "--nope"}, "unknown flag: --nope\nsee 'fluxgate version --help'"},
		"an argument where none belongs": {[]string{"version", "now"}, `unknown command "now" for "fluxgate version"`},
		"a value that is no duration":    {[]string{"check", "--timeout", "soon", "-"}, `invalid argument "soon" for "--timeout"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess("", c.args...)
			if got.Code != 2 || got.Stdout != "" || !strings.Contains(got.Stderr, c.stderr) {
				t.Errorf("got %+v, want code 2 and %q on stderr only", got, c.stderr)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	cases := map[string]struct {
		err  error
		want int
	}{
		"nothing wrong":               {nil, 0},
		"a clean outcome":             {outcomeError{check.Clean}, 0},
		"denied":                      {outcomeError{check.Denied}, 1},
		"bad input":                   {outcomeError{check.BadInput}, 2},
		"undecided":                   {outcomeError{check.Undecided}, 3},
		"usage":                       {usageError{errors.New("no such flag")}, 2},
		"input, wrapped":              {fmt.Errorf("start: %w", inputError{errors.New("no such file")}), 2},
		"a policy that does not load": {&policy.LoadError{}, 2},
		"anything else is no denial":  {errors.New("disk full"), 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			if got := exitCode(c.err, &said); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	got := inProcess("", "version")
	if !regexp.MustCompile(`^fluxgate \S+ \(go\S+, \w+/\w+\)\n$`).MatchString(got.Stdout) || got.Code != 0 {
		t.Errorf("got %+v", got)
	}
}
