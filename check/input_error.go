package check

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/fluxgate/fluxgate/flux"
)

// InputError is a part of the input that cannot be read as manifests. It is the user's to mend; the rest of the input is
// judged all the same.
type InputError struct {
	// File is the path as it is reported; "stdin" for standard input.
	File string `json:"file"`
	// Document counts from 1; 0 where the error is of the whole file.
	Document int `json:"document,omitempty"`
	// Line is that of the file, from 1; 0 where it is not known.
	Line int `json:"line,omitempty"`
	// Message says what is wrong and, where that is known, how to mend it.
	Message string `json:"message"`
}

// Error is one line, safe to show on a terminal whatever the file is called.
func (e *InputError) Error() string {
	where := e.File
	if e.Document > 0 {
		where += fmt.Sprintf(": document %d", e.Document)
	}
	if e.Line > 0 {
		where += fmt.Sprintf(": line %d", e.Line)
	}
	return flux.Printable(where + ": " + e.Message)
}

// fileError is an InputError of a whole file. The path that the operating system repeats in its errors is left out.
func fileError(file string, err error) *InputError {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &InputError{File: file, Message: err.Error()}
}
