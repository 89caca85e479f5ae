package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/fluxgate/fluxgate/policy"
)

// ReadOptions say what to read.
type ReadOptions struct {
	// Paths are files, directories (read with all below them) and Stdin.
	Paths []string
	// Stdin is read where Paths name it; nil reads as empty.
	Stdin io.Reader
	// Namespace is that of the objects that name none; empty means "default".
	Namespace string
	// Sigstore reads what only its libraries can read of the SourcePolicies among the manifests; nil means that nobody does.
	Sigstore policy.Sigstore
}

// Read reads manifests: YAML with any number of documents, JSON, and lists of either. What it cannot read it remembers in
// Inventory.Unreadable, so that one broken file does not hide what is wrong in the others.
func Read(opts ReadOptions) *Inventory {
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	inventory := newInventory(opts.Namespace)
	inventory.sigstore = opts.Sigstore
	paths := manifests(opts.Paths)
	inventory.Unreadable = paths.errors
	for _, path := range paths.files {
		file, text, err := load(path, opts.Stdin)
		if err != nil {
			inventory.Unreadable = append(inventory.Unreadable, fileError(file, err))
			continue
		}
		inventory.Summary.Files++
		inventory.readFile(file, text)
	}
	return inventory
}

// readFile adds all objects of a file.
func (i *Inventory) readFile(file string, text []byte) {
	for d, wrong := range Documents(file, text) {
		at := location{file: file, document: d.Number, line: d.Line}
		switch {
		case !i.room(at):
			return
		case wrong != nil:
			i.Unreadable = append(i.Unreadable, wrong)
		default:
			i.add(at, d.Content)
		}
	}
}

func load(path string, stdin io.Reader) (name string, text []byte, err error) {
	if path == Stdin {
		if stdin == nil {
			return "stdin", nil, nil
		}
		text, err = readText(stdin)
		return "stdin", text, err
	}
	file, err := os.Open(path)
	if err != nil {
		return path, nil, err
	}
	defer file.Close()
	text, err = readText(file)
	return path, text, err
}

// readText refuses what is not UTF-8: a YAML reader would understand UTF-16, but its document markers would not be seen.
func readText(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("is larger than %d MiB; split it, or render only what is to be judged", maxFile>>20)
	case !utf8.Valid(text):
		return nil, errors.New("is not UTF-8 text; save it as UTF-8")
	}
	return trimBOM(text), nil
}

// trimBOM takes off the byte order mark that some editors write first.
func trimBOM(text []byte) []byte {
	const bom = "\uFEFF"
	if len(text) >= len(bom) && string(text[:len(bom)]) == bom {
		return text[len(bom):]
	}
	return text
}
