package check

import (
	"fmt"
	"iter"
)

// Document is what one document of a file holds. Several JSON values in a row are documents of the same number.
type Document struct {
	// Number counts the documents of the file from 1; Line is the line of the file on which this one begins.
	Number, Line int
	// Content is in the types of unstructured.Unstructured; nil for a document of comments only.
	Content any
}

// Documents gives what a file holds, and what is wrong with each document that cannot be read. It takes YAML and JSON as
// kubectl does, but no key twice.
func Documents(file string, text []byte) iter.Seq2[Document, *InputError] {
	return func(yield func(Document, *InputError) bool) {
		for d := range split(text) {
			at := Document{Number: d.number, Line: d.contentLine()}
			values, invalid := d.values()
			if invalid != nil {
				at.Line = invalid.line
				if !yield(at, &InputError{File: file, Document: at.Number, Line: at.Line, Message: invalid.message}) {
					return
				}
			}
			for _, v := range values {
				if !yield(Document{Number: d.number, Line: v.line, Content: v.content}, nil) {
					return
				}
			}
		}
	}
}

// values decodes a document, unless it is too large.
func (d document) values() ([]value, *syntaxError) {
	if len(d.text) > maxDocument {
		why := fmt.Sprintf("is larger than %d MiB; give the objects as documents of their own", maxDocument>>20)
		return nil, &syntaxError{line: d.contentLine(), message: why}
	}
	return d.decode()
}
