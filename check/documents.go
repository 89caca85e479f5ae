package check

import (
	"bytes"
	"iter"
)

// blank is what stands for nothing between documents. Other white space of Unicode is content to YAML.
const blank = " \t\r\n"

// document is the text between two document markers of a file.
type document struct {
	text []byte
	// number counts the documents of the file from 1; line is that of the document's first byte.
	number, line int
}

// split cuts text at YAML's document markers, wherever the YAML reader would end a document: it reads the first document
// of what it is given and says nothing of a second.
func split(text []byte) iter.Seq[document] {
	return func(yield func(document) bool) {
		next := document{number: 1, line: 1}
		start, line := 0, 1
		// cut hands out what is between two markers, and reports whether more is wanted.
		cut := func(end int) bool {
			next.text = text[start:end]
			if len(bytes.Trim(next.text, blank)) > 0 {
				if !yield(next) {
					return false
				}
				next.number++
			}
			start, next.line = end+len("---"), line // a document may begin on its marker's line
			return true
		}
		for at := 0; at < len(text); line++ {
			rest := text[at:]
			if (isMarker(rest, "---") || isMarker(rest, "...")) && !cut(at) {
				return
			}
			at += lineWidth(rest)
		}
		cut(len(text))
	}
}

// contentLine is the line on which a document says something: past empty lines and comments.
func (d document) contentLine() int {
	line := d.line
	for rest := d.text; len(rest) > 0; line++ {
		width := lineWidth(rest)
		content := bytes.Trim(rest[:width], blank)
		if len(content) > 0 && content[0] != '#' {
			return line
		}
		rest = rest[width:]
	}
	return d.line
}

// isMarker reports whether a line begins with the marker, alone or followed by white space (YAML 1.1, 9.1.2).
func isMarker(line []byte, marker string) bool {
	rest, found := bytes.CutPrefix(line, []byte(marker))
	if !found {
		return false
	}
	return len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || breakWidth(rest) > 0
}

// lineWidth is the length of the first line of text with its line break.
func lineWidth(text []byte) int {
	for i := range text {
		if width := breakWidth(text[i:]); width > 0 {
			return i + width
		}
	}
	return len(text)
}

// breakWidth is the length of the line break that text begins with, 0 where it does not: YAML 1.1 knows more of them than
// editors do (4.2).
func breakWidth(text []byte) int {
	for _, lineBreak := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if len(text) >= len(lineBreak) && string(text[:len(lineBreak)]) == lineBreak {
			return len(lineBreak)
		}
	}
	return 0
}
