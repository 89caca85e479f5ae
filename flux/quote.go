package flux

import (
	"fmt"
	"strconv"
	"strings"
)

// maxNameLength is that of an object's name (a DNS subdomain).
const maxNameLength = 253

// quote shows a part of a hostile string: escaped, and cut to what a message can carry.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return fmt.Sprintf("%q", s[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// Plain shows a name as it is where it can be that of an object, and otherwise quoted and cut: anybody may have written it.
func Plain(name string) string {
	const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	if name == "" || len(name) > maxNameLength || strings.Trim(name, harmless) != "" {
		return quote(name)
	}
	return name
}

// Printable escapes what could move a terminal's cursor or begin a line of its own.
func Printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
