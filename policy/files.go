package policy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of what is read, far above what policies need; a wrong path must not fill the memory.
const (
	maxFileSize  = 1 << 20
	maxFiles     = 1000
	maxDirDepth  = 8
	maxDocuments = 1000
)

// file is a file that was read, under the name that the administrator knows it by.
type file struct {
	name string
	data []byte
}

// readPaths reads files, and the *.yaml, *.yml and *.json files below directories, in alphabetical order within each.
// Names that begin with a dot are passed over: a mounted ConfigMap keeps a second copy of its files there.
func readPaths(paths []string) ([]file, []Problem) {
	var (
		files []file
		wrong []Problem
	)
	for _, path := range paths {
		names, err := expand(path, maxDirDepth)
		if err != nil {
			wrong = append(wrong, Problem{File: path, Message: err.Error()})
			continue
		}
		for _, name := range names {
			if len(files) == maxFiles {
				return files, append(wrong, Problem{File: path, Message: fmt.Sprintf("more than %d files of policies", maxFiles)})
			}
			data, err := readFile(name)
			if err != nil {
				wrong = append(wrong, Problem{File: name, Message: err.Error()})
				continue
			}
			files = append(files, file{name, data})
		}
	}
	return files, wrong
}

// expand gives the files that a path stands for: itself, or those below it.
func expand(path string, depth int) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	names, err := below(path, depth)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("the directory holds no *.yaml, *.yml or *.json file")
	}
	return names, err
}

func below(dir string, depth int) ([]string, error) {
	if depth == 0 {
		return nil, fmt.Errorf("%s: directories are nested too deeply", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, reason(err)
	}
	var names []string
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		info, err := os.Stat(name) // follows the links of a mounted ConfigMap
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, reason(err))
		case info.IsDir():
			more, err := below(name, depth-1)
			if err != nil {
				return nil, err
			}
			names = append(names, more...)
		case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)):
			names = append(names, name)
		}
	}
	return names, nil
}

// readFile reads a regular file up to the limit.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > maxFileSize {
		return nil, fmt.Errorf("the file is larger than %d bytes", maxFileSize)
	}
	return data, nil
}
