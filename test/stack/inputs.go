package stack

import (
	"io/fs"
	"path/filepath"
)

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
