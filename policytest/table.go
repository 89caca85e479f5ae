package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "sigs.k8s.io/json"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// table is a PolicyTest that is ready to run.
type table struct {
	policies *policy.Set
	now      time.Time
	cases    []tableCase
}

type tableCase struct {
	place
	name    string
	request gate.Request
	with    *check.Inventory
	facts   map[string]fact
	expect  expectation
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

// newCase makes a case ready to run, and says all that is wrong with it.
func newCase(at place, c writtenCase) (tableCase, []string) {
	ready := tableCase{place: at, name: c.Name, expect: c.Expect}
	var wrong []string
	fail := func(err error) {
		if err != nil {
			wrong = append(wrong, strings.Split(err.Error(), "\n")...)
		}
	}
	if c.Name == "" || len(c.Name) > maxName {
		fail(fmt.Errorf("name: is required, and has at most %d bytes: say in a sentence what happens", maxName))
	}
	var err error
	ready.request, err = newRequest(c)
	fail(err)
	ready.with, err = newInventory(c.With)
	fail(err)
	ready.facts, err = newFacts(c.Facts)
	fail(err)
	fail(c.Expect.check())
	return ready, wrong
}

func newRequest(c writtenCase) (gate.Request, error) {
	request := gate.Request{Operation: gate.Create}
	object, err := newObject("object", c.Object)
	if err != nil {
		return request, err
	}
	request.Object = object
	switch gate.Operation(c.Operation) {
	case "", gate.Create:
		if len(c.Old) > 0 {
			return request, errors.New("old: is there on UPDATE only: add operation: UPDATE")
		}
		return request, nil
	case gate.Update:
		request.Operation = gate.Update
	default:
		return request, fmt.Errorf("operation: %q is unknown: write CREATE or UPDATE", c.Operation)
	}
	if request.Old, err = newObject("old", c.Old); err != nil {
		return request, err
	}
	if is, was := nameOf(request.Object), nameOf(request.Old); is != was {
		return request, fmt.Errorf("old: is %s, and the object is %s: write the same object as it was", was, is)
	}
	return request, nil
}

func nameOf(u *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", u.GetKind(), u.GetNamespace(), u.GetName())
}

// newObject reads an object of a kind that is judged, as a check does.
func newObject(field string, written json.RawMessage) (*unstructured.Unstructured, error) {
	if len(written) == 0 {
		return nil, fmt.Errorf("%s: is required", field)
	}
	content, err := decodeObject(field, written)
	if err != nil {
		return nil, err
	}
	inventory, err := check.Stored(field, []map[string]any{content})
	if err != nil {
		return nil, errors.New(strings.Replace(err.Error(), field+"[0]", field, 1))
	}
	objects := inventory.Objects()
	if len(objects) != 1 {
		return nil, fmt.Errorf("%s: %v is not judged: write one of %s", field, content["kind"], strings.Join(policy.Kinds(), ", "))
	}
	return objects[0], nil
}

func newInventory(with []json.RawMessage) (*check.Inventory, error) {
	if len(with) > maxWith {
		return nil, fmt.Errorf("with: has more than %d objects", maxWith)
	}
	contents := make([]map[string]any, len(with))
	for n, written := range with {
		content, err := decodeObject(fmt.Sprintf("with[%d]", n), written)
		if err != nil {
			return nil, err
		}
		contents[n] = content
	}
	return check.Stored("with", contents)
}

// decodeObject reads numbers as a cluster has them: those without a fraction are whole.
func decodeObject(field string, written json.RawMessage) (map[string]any, error) {
	var content map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(written, &content); err != nil || content == nil {
		return nil, fmt.Errorf("%s: must be an object", field)
	}
	return content, nil
}
