package check

import (
	"errors"
	"fmt"
)

// Stored gives an inventory of objects as they are in a cluster: for those that refer to them, and with the exceptions
// among them. Nothing of it is judged. name and an index stand for each in the error, which says all that is wrong.
func Stored(name string, objects []map[string]any) (*Inventory, error) {
	inventory := newInventory("default")
	for n, object := range objects {
		at := location{file: fmt.Sprintf("%s[%d]", name, n)}
		inventory.add(at, object)
	}
	all := make([]error, len(inventory.Unreadable))
	for n, wrong := range inventory.Unreadable {
		all[n] = wrong
	}
	return inventory, errors.Join(all...)
}
