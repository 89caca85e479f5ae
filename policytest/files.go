package policytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

const (
	// maxFiles bounds the files that are read; a wrong path must not take for ever.
	maxFiles = 20_000
	// maxDocuments bounds the documents of one file.
	maxDocuments = 10_000
	// maxRego bounds a file of Rego, in bytes. A rule has a limit of its own.
	maxRego = 1 << 20
)

// readPaths reads all that tests may consist of. Its error is ours.
func (s *suite) readPaths(paths []string) error {
	none := errors.New("has no file named *.rego, *.yaml, *.yml or *.json in it; name the tests")
	files, wrong := check.Files(paths, isWanted, none)
	s.refuse(wrong...)
	if len(files) > maxFiles {
		s.refuse(&check.InputError{File: files[maxFiles], Message: fmt.Sprintf("is one more than the %d files that are read at a time; name the folders of the tests", maxFiles)})
		files = files[:maxFiles]
	}
	for _, file := range files {
		if file == check.Stdin {
			s.refuse(&check.InputError{File: file, Message: "standard input is not read: tests name files beside them"})
			continue
		}
		text, wrong := check.ReadText(file)
		if wrong != nil {
			s.refuse(wrong)
			continue
		}
		read := s.readYAML
		if filepath.Ext(file) == ".rego" {
			read = s.readRego
		}
		if err := read(filepath.Clean(file), text); err != nil {
			return err
		}
	}
	s.mergeRules()
	return nil
}

func isWanted(name string) bool {
	return slices.Contains([]string{".rego", ".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// readYAML reads the policies and tables of a file. Files that name nothing of Fluxgate's are not looked into: below a folder
// may be templates, and whatever else is no YAML.
func (s *suite) readYAML(file string, text []byte) error {
	if !bytes.Contains(text, []byte(v1alpha1.GroupVersion.Group+"/")) {
		return nil
	}
	var lines map[int][]int
	documents := 0
	for d, wrong := range check.Documents(file, text) {
		at := place{file: file, document: d.Number, line: d.Line}
		if documents++; documents > maxDocuments {
			s.refuse(at.error("is one more than the %d documents that are read of a file; split it", maxDocuments))
			return nil
		}
		if wrong != nil {
			s.refuse(wrong)
			continue
		}
		kind, written, err := s.ownDocument(at, d.Content)
		switch {
		case err != nil:
		case kind == v1alpha1.SourcePolicyKind:
			err = s.readPolicy(at, written)
		case kind == policy.TestKind:
			if lines == nil {
				lines = caseLines(text)
			}
			err = s.readTable(at, written, lines[d.Line])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownDocument gives the kind and the text of a document of Fluxgate's that is read here; the kind of others is empty.
func (s *suite) ownDocument(at place, content any) (kind string, text []byte, err error) {
	object, _ := content.(map[string]any)
	version, _ := object["apiVersion"].(string)
	kind, _ = object["kind"].(string)
	group, _, _ := strings.Cut(version, "/")
	switch {
	case group != v1alpha1.GroupVersion.Group, kind != v1alpha1.SourcePolicyKind && kind != policy.TestKind:
		return "", nil, nil
	case version != v1alpha1.GroupVersion.String():
		s.refuse(at.error("apiVersion: %s is not read here: write %s", version, v1alpha1.GroupVersion))
		return "", nil, nil
	}
	text, err = json.Marshal(object)
	return kind, text, err
}

// readPolicy takes the custom rules of a policy. Whatever is wrong with the policy is bad input.
func (s *suite) readPolicy(at place, written []byte) error {
	set, err := s.library.Parse(fmt.Sprintf("%s:%d", at.file, at.line), written)
	if err != nil {
		return s.refuseLoad(at, "", err)
	}
	s.addModules(set)
	return nil
}

// refuseLoad notes what is wrong with policies: at a place of theirs, or of the document that names them. An error that is not
// the user's is returned.
func (s *suite) refuseLoad(at place, prefix string, err error) error {
	wrong, ok := errors.AsType[*policy.LoadError](err)
	if !ok {
		return err
	}
	for _, problem := range wrong.Problems {
		if prefix == "" {
			problem.File, problem.Document = "", 0
		}
		s.refuse(at.error("%s%s", prefix, problem))
	}
	return nil
}

// place is where something stands in the files.
type place struct {
	file           string
	document, line int
}

func (p place) error(format string, args ...any) *check.InputError {
	return &check.InputError{File: p.file, Document: p.document, Line: p.line, Message: fmt.Sprintf(format, args...)}
}
