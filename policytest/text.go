package policytest

import (
	"fmt"
	"strings"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/flux"
)

// text shows every test, what is wrong with it, the coverage, and the summary last.
func (r *Report) text(style check.Style) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(flux.Printable(fmt.Sprintf(format, args...)))
		b.WriteByte('\n')
	}
	for _, t := range r.Tests {
		b.WriteString(mark(style, t.Result))
		line(" %s", t.title())
		for _, failure := range t.Failures {
			line("     %s", failure)
		}
		for _, why := range t.NotJudged {
			line("     not judged: %s", why)
		}
	}
	if len(r.Tests) > 0 {
		b.WriteByte('\n')
	}
	if r.Coverage != nil {
		for _, text := range r.Coverage.lines() {
			line("%s", text)
		}
		b.WriteByte('\n')
	}
	s := r.Summary
	line("%s: %d passed, %d failed, %d skipped", plural(s.Tests, "test"), s.Passed, s.Failed, s.Skipped)
	if s.Unreadable > 0 {
		line("%s of the input could not be read, so not every test was run", plural(s.Unreadable, "part"))
	}
	return b.String()
}

// title is "file:line: name".
func (t Test) title() string {
	text := fmt.Sprintf("%s:%d: %s", t.File, t.Line, t.Name)
	if t.Against != "" {
		text += fmt.Sprintf(" (of %s)", t.Against)
	}
	return text
}

func (c *Coverage) lines() []string {
	if len(c.Modules) == 0 {
		return []string{"coverage: there is no custom rule"}
	}
	total := fmt.Sprintf("coverage of custom rules: %.1f %% of %s", c.Percent, plural(c.Lines, "line"))
	if !c.Enough() {
		total += fmt.Sprintf(", less than %g %%", c.Threshold)
	}
	lines := []string{total}
	for _, m := range c.Modules {
		text := fmt.Sprintf("  %s: %d of %s", m.Module, m.Reached, plural(m.Lines, "line"))
		if len(m.NotReached) > 0 {
			text += ", not " + strings.Join(m.NotReached, ", ")
		}
		lines = append(lines, text)
	}
	return lines
}

// mark is the result, in capitals where it needs attention.
func mark(style check.Style, result Result) string {
	shown, colour := "pass", "\x1b[32m"
	switch result {
	case Pass:
	case Skip:
		shown, colour = "skip", "\x1b[33m"
	default:
		shown, colour = "FAIL", "\x1b[31m"
	}
	if style != check.Colour {
		return shown
	}
	return colour + shown + "\x1b[0m"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
