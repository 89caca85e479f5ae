package policytest

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/fluxgate/fluxgate/policy"
)

// table is a PolicyTest that is ready to run.
type table struct {
	policies *policy.Set
	now      time.Time
	cases    []tableCase
}

// loadedPolicies are the policies of some paths, or that they cannot be loaded.
type loadedPolicies struct {
	set    *policy.Set
	failed error
}

// readTable reads a PolicyTest. lines are those of its cases; empty where they are not known.
func (s *suite) readTable(at place, written []byte, lines []int) error {
	d, err := policy.Decode[document]("", written)
	if err != nil {
		return s.refuseLoad(at, "", err)
	}
	t := &table{now: time.Now()}
	if d.Now != nil {
		t.now = d.Now.Time
	}
	if t.policies, err = s.loadPolicies(at, d.Policies); err != nil {
		return err
	}
	names := map[string]bool{}
	if len(d.Cases) == 0 || len(d.Cases) > maxCases {
		s.refuse(at.error("cases: there are %d: write between 1 and %d, or several documents", len(d.Cases), maxCases))
		return nil
	}
	for n, c := range d.Cases {
		here := at
		if n < len(lines) {
			here.line = lines[n]
		}
		ready, wrong := newCase(here, c)
		if names[c.Name] {
			wrong = append(wrong, "name: another case is called the same: tell what is different about this one")
		}
		names[c.Name] = true
		for _, w := range wrong {
			s.refuse(here.error("cases[%d].%s", n, w))
		}
		if len(wrong) == 0 {
			t.cases = append(t.cases, ready)
		}
	}
	if t.policies != nil {
		s.tables = append(s.tables, t)
	}
	return nil
}

// loadPolicies loads the policies that a document names, once. They are nil where they cannot be loaded; the error is ours.
func (s *suite) loadPolicies(at place, written []string) (*policy.Set, error) {
	if len(written) == 0 {
		s.refuse(at.error("policies: name the files of the policies, seen from this file's folder"))
		return nil, nil
	}
	paths := make([]string, len(written))
	for n, path := range written {
		if filepath.IsAbs(path) {
			s.refuse(at.error("policies[%d]: %q is an absolute path: write it as it is seen from this file's folder", n, path))
			return nil, nil
		}
		paths[n] = filepath.Join(filepath.Dir(at.file), path)
	}
	key := strings.Join(paths, "\n")
	loaded, known := s.loaded[key]
	if !known {
		loaded.set, loaded.failed = s.library.Load(paths...)
		s.loaded[key] = loaded
		if loaded.failed == nil {
			s.addModules(loaded.set)
		}
	}
	if loaded.failed != nil {
		return nil, s.refuseLoad(at, "policies: ", loaded.failed)
	}
	return loaded.set, nil
}
