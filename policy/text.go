package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTextLength bounds a message in bytes: an object may hold a url of a megabyte, a denial may not.
const maxTextLength = 1024

// clean makes a text that may quote a hostile object fit for one line of a terminal, a log or a warning: what is not
// printable (line breaks, escape sequences, characters that reorder the text) is escaped, and the text is cut.
func clean(text string) string {
	most := maxTextLength
	cut := len(text) > most
	if cut {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	if strings.IndexFunc(text, notPrintable) >= 0 {
		text = escape(text)
	}
	if cut {
		text += "…"
	}
	return text
}

func notPrintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if notPrintable(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
