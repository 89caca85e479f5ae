// Package gobuild builds what tests run beside themselves: binaries from Go modules of their own, once, so that no test has
// to wait for a compiler. It needs the standard library only, so that the commands that use it start at once.
package gobuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Module is a Go module with binaries.
type Module struct {
	// Dir is its folder.
	Dir string
	// Out is the folder for its binaries. It holds nothing else but the record of what they were built from.
	Out string
	// Notice is what people read before they wait: "building the control plane, once: about 5 minutes on 2 cores".
	Notice string
	// Targets are its binaries.
	Targets []Target
	// LinkerFlags gives what -ldflags says for all of them. It is called only when they must be built; nil means that they
	// are stripped, no more.
	LinkerFlags func(ctx context.Context) (string, error)
}

// Target is one binary.
type Target struct {
	// Name is that of the file in Module.Out, Package the import path.
	Name, Package string
}

// Ensure builds the binaries unless they are there and were built from the same files by the same Go.
func (m Module) Ensure(ctx context.Context) error {
	want, err := fingerprint(m.Dir)
	if err != nil {
		return err
	}
	record := filepath.Join(m.Out, "built-from")
	if got, err := os.ReadFile(record); err == nil && string(got) == want && m.complete() {
		return nil
	}
	if err := os.MkdirAll(m.Out, 0o750); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, m.Notice)
	if err := m.build(ctx); err != nil {
		return err
	}
	return os.WriteFile(record, []byte(want), 0o600)
}

func (m Module) complete() bool {
	for _, target := range m.Targets {
		if info, err := os.Stat(filepath.Join(m.Out, target.Name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

func (m Module) build(ctx context.Context) error {
	flags := "-s -w"
	if m.LinkerFlags != nil {
		var err error
		if flags, err = m.LinkerFlags(ctx); err != nil {
			return err
		}
	}
	for _, target := range m.Targets {
		if err := Command(ctx, target.Name, m.Dir, "build", "-v", "-trimpath", "-ldflags", flags,
			"-o", filepath.Join(m.Out, target.Name), target.Package); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint is a digest of every file of the module and of the Go version.
func fingerprint(module string) (string, error) {
	digest := sha256.New()
	fmt.Fprintln(digest, runtime.Version())
	tree := os.DirFS(module)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(digest, "%s %x\n", path, sha256.Sum256(content))
		return nil
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}
