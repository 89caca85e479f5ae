package policy

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed default.yaml
var defaultPolicy []byte

// Load reads the policies and exceptions of files and directories. An empty list of paths, a path without a policy in it, and anything
// that a policy gets wrong is a *LoadError; then there is no set.
func Load(paths ...string) (*Set, error) {
	lib, err := NewLibrary()
	if err != nil {
		return nil, err
	}
	return lib.Load(paths...)
}

// Parse reads the policies of one file; name stands in error messages only. Its errors are those of Load.
func Parse(name string, data []byte) (*Set, error) {
	lib, err := NewLibrary()
	if err != nil {
		return nil, err
	}
	return lib.Parse(name, data)
}

// Load is the function Load, with the rules of this library.
func (l *Library) Load(paths ...string) (*Set, error) {
	if len(paths) == 0 {
		return nil, &LoadError{Problems: []Problem{{Message: "no file or directory of policies is given"}}}
	}
	files, wrong := readPaths(paths)
	return l.load(files, wrong)
}

// Parse is the function Parse, with the rules of this library.
func (l *Library) Parse(name string, data []byte) (*Set, error) {
	return l.load([]file{{name, data}}, nil)
}

// Default gives the policy that is built in, for where no policy is configured at all.
func Default() (*Set, error) {
	return Parse("built-in default policy", defaultPolicy)
}

// load is where policies and rules meet: each document becomes a policy whose rules are this library's. wrong is what
// reading the files already found.
func (l *Library) load(files []file, wrong []Problem) (*Set, error) {
	read := &documents{wrong: wrong}
	for _, f := range files {
		read.read(f)
	}
	policies, err := l.compileAll(read)
	if err != nil {
		return nil, err
	}
	set := NewSet(policies, read.compileExceptions())
	set.imagePolicies = l.compileImagePolicies(read)
	if len(policies)+len(read.wrong) == 0 {
		read.wrong = append(read.wrong, Problem{Message: "there is no SourcePolicy among the files, so nothing would be judged"})
	}
	if len(read.wrong) > 0 {
		return nil, sorted(read.wrong)
	}
	return set, nil
}

// compileAll compiles the policies that were read, and gathers what is wrong with them.
func (l *Library) compileAll(read *documents) ([]*Policy, error) {
	var policies []*Policy
	first := map[string]Problem{}
	for _, d := range read.policies {
		name := d.policy.Name
		if other, twice := first[name]; twice && name != "" {
			d.add("metadata.name", "a policy %s was read before, from %s: rename one or remove it", name, other)
		}
		first[name] = Problem{File: d.file, Document: d.document}
		p, err := l.compile(context.Background(), d)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", name, err)
		}
		read.wrong = append(read.wrong, d.all...)
		policies = append(policies, p)
	}
	return policies, nil
}

// compileExceptions does the same for the exceptions. One whose policy is not among the files, or does not accept it, has no
// effect: `fluxgate check` shows the violations that it was to except.
func (d *documents) compileExceptions() []*Exception {
	exceptions := make([]*Exception, 0, len(d.exceptions))
	for _, written := range d.exceptions {
		exceptions = append(exceptions, compileException(&written.exception, written.problems))
		d.wrong = append(d.wrong, written.all...)
	}
	return exceptions
}

// sorted puts problems in the order of file, document and path, whatever order they were found in.
func sorted(wrong []Problem) *LoadError {
	slices.SortStableFunc(wrong, func(a, b Problem) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		if a.Document != b.Document {
			return a.Document - b.Document
		}
		return strings.Compare(a.Path, b.Path)
	})
	return &LoadError{Problems: wrong}
}

// reason takes the path out of a file's error: the problem has it already.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
