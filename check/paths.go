package check

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Stdin is the PATH that stands for standard input.
const Stdin = "-"

// expansion turns the PATHs of the command line into files, each once, in the order given and sorted within a directory.
type expansion struct {
	files  []string
	errors []*InputError
	// seen holds real paths, so that a file that is reached twice is not a duplicate of itself.
	seen map[string]bool
	// wanted tells by their names which files of a directory are read.
	wanted func(name string) bool
	// none is what is wrong with a directory that has none of them.
	none error
}

// manifests expands PATHs to manifests.
func manifests(paths []string) *expansion {
	e := &expansion{
		wanted: isManifestName,
		none:   errors.New("has no file named *.yaml, *.yml or *.json in it; name the manifests, or - for standard input"),
	}
	return e.expand(paths)
}

func (e *expansion) expand(paths []string) *expansion {
	e.seen = map[string]bool{}
	for _, path := range paths {
		if path == Stdin {
			e.add(Stdin, Stdin)
			continue
		}
		if err := e.path(path); err != nil {
			e.errors = append(e.errors, fileError(path, err))
		}
	}
	return e
}

// path adds a file whatever its name and type, so that a pipe can be given, and a directory with all below it.
func (e *expansion) path(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return e.directory(path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		// The pipe of a process substitution is a link that leads to no path; reading it works.
		real = path
	}
	e.add(path, real)
	return nil
}

func (e *expansion) add(file, real string) {
	if !e.seen[real] {
		e.seen[real] = true
		e.files = append(e.files, file)
	}
}

func (e *expansion) directory(dir string) error {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	found := 0
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		shown := path
		if rel, err := filepath.Rel(root, path); err == nil {
			shown = filepath.Join(dir, rel)
		}
		if err != nil {
			e.errors = append(e.errors, fileError(shown, err))
			return nil
		}
		if entry.IsDir() {
			return skipGit(entry)
		}
		if !e.wanted(entry.Name()) {
			return nil
		}
		found++
		if err := e.entry(root, path, shown); err != nil {
			e.errors = append(e.errors, fileError(shown, err))
		}
		return nil
	})
	if err == nil && found == 0 {
		return e.none
	}
	return err
}

// entry adds a file of a directory. A link may lead to another file of the same directory only: a checked-out repository
// must not make its reader open what lies elsewhere. It is refused, not passed over, because others may follow it.
func (e *expansion) entry(root, path, shown string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if !within(root, real) {
		return errors.New("is a link that leads out of the directory; give the file that it leads to as a PATH of its own")
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return nil // a link to a directory below root, which is walked under its own name
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file; give it as a PATH of its own to read it")
	}
	e.add(shown, real)
	return nil
}

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// skipGit leaves out Git's own folder: a branch may be named like a manifest.
func skipGit(entry fs.DirEntry) error {
	if entry.Name() == ".git" {
		return fs.SkipDir
	}
	return nil
}

func isManifestName(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
