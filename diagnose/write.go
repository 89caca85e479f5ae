package diagnose

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
)

// Formats are the names that Write knows.
func Formats() []string { return []string{"text", "json"} }

// CheckFormat returns an error for a name that Write does not know.
func CheckFormat(format string) error {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("unknown output format %q: want %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes the report in one of the Formats. Text has ANSI colours where colour is set.
func (r *Report) Write(w io.Writer, format string, colour bool) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	case "text":
		_, err := io.WriteString(w, r.text(colour))
		return err
	}
	return CheckFormat(format)
}

// text is a line for each step, and beneath it what to do and what is behind it.
func (r *Report) text(colour bool) string {
	var b strings.Builder
	for i, d := range r.Results {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, flux.Printable(d.title()))
		for _, step := range d.Steps {
			line := fmt.Sprintf("%-11s  %s", step.Name, step.Detail)
			fmt.Fprintf(&b, "  %s  %s\n", step.Status.text(colour), strings.TrimRight(flux.Printable(line), " "))
			for _, more := range []struct{ begins, text string }{{"because", step.Because}, {"do this", step.Remedy}} {
				if more.text != "" {
					fmt.Fprintf(&b, "           %s: %s\n", more.begins, flux.Printable(more.text))
				}
			}
		}
	}
	return b.String()
}

func (d Diagnosis) title() string {
	text := fmt.Sprintf("%s %s/%s", d.Object.Kind, d.Object.Namespace, d.Object.Name)
	if d.Object.For != "" {
		text += ", which " + d.Object.For + " refers to"
	}
	if d.Object.Suspended {
		text += " (suspended, so Flux does not pull it)"
	}
	switch {
	case d.first(Failed) != "":
		text += ": fails at " + d.first(Failed)
	case d.first(Unknown) != "":
		text += ": could not be told at " + d.first(Unknown)
	default:
		text += ": no step fails"
	}
	return text
}

// text is the status in a column, in capitals where it needs attention.
func (s Status) text(colour bool) string {
	shown := string(s)
	if s == Failed || s == Unknown {
		shown = strings.ToUpper(shown)
	}
	shown = fmt.Sprintf("%-7s", shown)
	colours := map[Status]string{Passed: "\x1b[32m", Failed: "\x1b[31m", Unknown: "\x1b[35m"}
	if begin, has := colours[s]; colour && has {
		return begin + shown + "\x1b[0m"
	}
	return shown
}
