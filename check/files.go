package check

import "io"

// Files turns PATHs into files as a check does: each once, a directory with all below it of which the name is wanted, in the
// order given and sorted within a directory. none is what is wrong with a directory that has none.
func Files(paths []string, wanted func(name string) bool, none error) ([]string, []*InputError) {
	e := (&expansion{wanted: wanted, none: none}).expand(paths)
	return e.files, e.errors
}

// ReadText reads a file as manifests are read: UTF-8 of at most 64 MiB, without its byte order mark.
func ReadText(file string) ([]byte, *InputError) {
	_, text, err := load(file, nil)
	if err != nil {
		return nil, fileError(file, err)
	}
	return text, nil
}

// ReadStdin is ReadText of standard input.
func ReadStdin(stdin io.Reader) ([]byte, *InputError) {
	file, text, err := load(Stdin, stdin)
	if err != nil {
		return nil, fileError(file, err)
	}
	return text, nil
}
