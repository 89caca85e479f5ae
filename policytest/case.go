package policytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kjson "sigs.k8s.io/json"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// tableCase is a case that is ready to run.
type tableCase struct {
	place
	name    string
	request gate.Request
	with    *check.Inventory
	facts   map[string]fact
	signed  signatures
	expect  expectation
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
	ready.signed = c.Facts.Signatures
	fail(checkSigned(ready.signed))
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
