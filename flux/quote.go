package flux

import (
	"fmt"
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
