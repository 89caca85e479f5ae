package main

import (
	"context"
	"fmt"
	"io"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
)

// inFile reads a file. It ends with the context, see read.
func (f *diagnoseFlags) inFile(ctx context.Context, file string, stdin io.Reader) (patient, error) {
	type outcome struct {
		files *diagnose.Files
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		files, err := readFile(file, stdin, f.namespace)
		done <- outcome{files, err}
	}()
	var read outcome
	select {
	case read = <-done:
	case <-ctx.Done():
		return patient{}, fmt.Errorf("interrupted while the file was read: %w", ctx.Err())
	}
	switch {
	case read.err != nil:
		return patient{}, inputError{read.err}
	case len(read.files.Repositories) == 0:
		return patient{}, inputError{fmt.Errorf("%s: has no OCIRepository; other kinds are not walked", flux.Printable(file))}
	}
	return patient{
		repositories: read.files.Repositories,
		logins:       diagnose.Logins{Secrets: read.files, ServiceAccounts: read.files},
	}, nil
}

// readFile reads all documents of a file as a check does. What cannot be read ends it: it may be the Secret in question.
func readFile(file string, stdin io.Reader, namespace string) (*diagnose.Files, error) {
	read := check.ReadText
	if file == check.Stdin {
		file, read = "stdin", func(string) ([]byte, *check.InputError) { return check.ReadStdin(stdin) }
	}
	text, wrong := read(file)
	if wrong != nil {
		return nil, wrong
	}
	files := diagnose.NewFiles(namespace)
	for document, wrong := range check.Documents(file, text) {
		if wrong != nil {
			return nil, wrong
		}
		if err := files.Add(document.Content); err != nil {
			return nil, &check.InputError{File: file, Document: document.Number, Line: document.Line, Message: err.Error()}
		}
	}
	return files, nil
}
