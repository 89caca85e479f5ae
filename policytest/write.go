package policytest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/check"
)

// Formats are the names that Write knows.
func Formats() []string { return []string{"text", "json", "junit"} }

// CheckFormat returns an error for a name that Write does not know.
func CheckFormat(format string) error {
	if !slices.Contains(Formats(), format) {
		return fmt.Errorf("unknown output format %q: want %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes the report in one of the Formats. style is for text only.
func (r *Report) Write(w io.Writer, format string, style check.Style) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	case "junit":
		return r.junit(w)
	case "text":
		_, err := io.WriteString(w, r.text(style))
		return err
	}
	return CheckFormat(format)
}
