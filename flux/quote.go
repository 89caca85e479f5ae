package flux

import (
	"fmt"
	"strings"
)

// quote shows a part of a hostile string: escaped, and cut to what a message can carry.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		return fmt.Sprintf("%q", s[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// plain shows a name as it is where it is one, and quoted otherwise.
func plain(name string) string {
	const harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	if name == "" || strings.Trim(name, harmless) != "" {
		return quote(name)
	}
	return name
}
