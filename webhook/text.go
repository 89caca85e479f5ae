package webhook

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

const (
	// maxWarning is where the API server cuts a warning, in characters, once all warnings of a request have come to 4096
	// (truncateItemRunes and truncateAtTotalRunes in k8s.io/apiserver/pkg/endpoints/filters/warning.go).
	maxWarning = 256
	// maxWarnings keeps the answer small; the worst come first.
	maxWarnings = 16
)

// denialText names every violation that denies, one a line, and then what could not be judged. It begins with a line of
// its own, since the API server puts its own words before it.
func denialText(d gate.Decision) string {
	lines := []string{"policy violations:"}
	for _, v := range d.Violations {
		if v.Action == policy.Deny {
			lines = append(lines, v.String())
		}
	}
	return strings.Join(append(lines, failureLines(d.Failures)...), "\n")
}

// undecidedText says what could not be judged. It is no denial: the object may well be good.
func undecidedText(d gate.Decision) string {
	return strings.Join(append([]string{"undecided, so not admitted:"}, failureLines(d.Failures)...), "\n")
}

func failureLines(failures []gate.Failure) []string {
	lines := make([]string, 0, len(failures))
	for _, f := range failures {
		lines = append(lines, "not judged: "+f.String())
	}
	return lines
}

// warnings are what the user should read although the object is admitted, or beside the denial; worst first, and what an
// exception covers last.
func warnings(d gate.Decision) []string {
	var all []string
	for _, v := range d.Violations {
		if v.Action == policy.Warn {
			all = append(all, v.String())
		}
	}
	if d.Verdict == gate.Allow || d.Verdict == gate.Warn {
		for _, f := range d.Failures {
			if f.OnError == policy.Warn {
				all = append(all, "not judged: "+f.String())
			}
		}
	}
	all = append(all, notes(d)...)
	for _, v := range d.Violations {
		if v.Action == policy.Skip {
			all = append(all, v.Skipped())
		}
	}
	return capped(all)
}

// mutationWarnings leaves to the validating call what that one says too.
func mutationWarnings(d gate.Decision) []string {
	all := notes(d)
	for _, p := range d.Pins {
		if p.Dry {
			all = append(all, fmt.Sprintf("%s: would be pinned from %s to %s", p.Path, p.From, p.Digest))
		}
	}
	return capped(all)
}

func notes(d gate.Decision) []string {
	lines := make([]string, 0, len(d.Notes))
	for _, n := range d.Notes {
		lines = append(lines, n.Path+": "+n.Message)
	}
	return lines
}

func capped(all []string) []string {
	if len(all) > maxWarnings {
		all = append(all[:maxWarnings-1:maxWarnings-1], fmt.Sprintf("and %d more", len(all)-maxWarnings+1))
	}
	for i, text := range all {
		if utf8.RuneCountInString(text) > maxWarning {
			all[i] = string([]rune(text)[:maxWarning-1]) + "…"
		}
	}
	return all
}
