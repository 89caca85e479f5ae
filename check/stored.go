package check

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Stored gives an inventory of objects as they are in a cluster: for those that refer to them, and with the exceptions
// among them. Nothing of it is judged. name and an index stand for each in the error, which says all that is wrong.
func Stored(name string, objects []map[string]any) (*Inventory, error) {
	inventory := newInventory("default")
	for n, object := range objects {
		at := location{file: fmt.Sprintf("%s[%d]", name, n)}
		if u := (&unstructured.Unstructured{Object: object}); u.GetAPIVersion() == "" || u.GetKind() == "" {
			inventory.refuse(at, "is no object: apiVersion or kind is missing")
			continue
		}
		inventory.add(at, object)
	}
	all := make([]error, len(inventory.Unreadable))
	for n, wrong := range inventory.Unreadable {
		all[n] = wrong
	}
	return inventory, errors.Join(all...)
}

// Objects are those of the kinds that are judged, as they were read, in input order.
func (i *Inventory) Objects() []*unstructured.Unstructured {
	objects := make([]*unstructured.Unstructured, len(i.judged))
	for n, found := range i.judged {
		objects[n] = found.object
	}
	return objects
}
