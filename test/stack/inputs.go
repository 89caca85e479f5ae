package stack

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// binary is what runs fluxgate.
func (s *Stack) binary(root string, policies []string) (string, error) {
	built := filepath.Join(root, "bin", "fluxgate")
	if err := see(built); err != nil {
		return "", fmt.Errorf("%w; `make build` makes it", err)
	}
	if err := see(policies...); err != nil {
		return "", err
	}
	return controlplane.Leash(s.dir, built)
}

// see looks at the files that only the processes read, so that `go test` runs again when they have changed: its cache knows
// no others than those that the test itself looks at (go help test). Directories are looked at with all below them.
func see(paths ...string) error {
	for _, path := range paths {
		if err := filepath.WalkDir(path, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
			return err
		}
	}
	return nil
}
