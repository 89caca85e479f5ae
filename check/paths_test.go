package check

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files, each with its own name in it, below a new directory and returns that directory.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(oci("x", filepath.Base(file))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestExpand(t *testing.T) {
	elsewhere := tree(t, "secret.yaml")
	const leadsOut = "is a link that leads out of the directory; give the file that it leads to as a PATH of its own"
	cases := map[string]struct {
		files  []string
		setup  func(t *testing.T, root string)
		paths  []string
		want   []string
		errors map[string]string
	}{
		"a directory in order, with all below it and manifests only": {
			files: []string{"b.yaml", "a/z.yml", "a/b/c.json", "README.md", "c.yaml.bak"},
			paths: []string{"."},
			want:  []string{"a/b/c.json", "a/z.yml", "b.yaml"},
		},
		"files in the order given, whatever their names": {
			files: []string{"b.txt", "a.yaml"},
			paths: []string{"b.txt", "a.yaml"},
			want:  []string{"b.txt", "a.yaml"},
		},
		"a file once, however it is reached": {
			files: []string{"a.yaml", "d/b.yaml"},
			setup: func(t *testing.T, root string) { link(t, "a.yaml", filepath.Join(root, "z.yaml")) },
			paths: []string{"d", "a.yaml", ".", "a.yaml"},
			want:  []string{"d/b.yaml", "a.yaml"},
		},
		"git's own folder is left out": {
			files: []string{"a.yaml", ".git/refs/heads/b.yaml", ".config/c.yaml"},
			paths: []string{"."},
			want:  []string{".config/c.yaml", "a.yaml"},
		},
		"a link to a file that has no manifest's name": {
			files: []string{"a.tmpl"},
			setup: func(t *testing.T, root string) { link(t, "a.tmpl", filepath.Join(root, "a.yaml")) },
			paths: []string{"."},
			want:  []string{"a.yaml"},
		},
		"links that lead out": {
			files: []string{"a.yaml"},
			setup: func(t *testing.T, root string) {
				link(t, filepath.Join(elsewhere, "secret.yaml"), filepath.Join(root, "b.yaml"))
				link(t, elsewhere, filepath.Join(root, "c.yaml"))
				link(t, "nowhere", filepath.Join(root, "d.yaml"))
			},
			paths:  []string{"."},
			want:   []string{"a.yaml"},
			errors: map[string]string{"b.yaml": leadsOut, "c.yaml": leadsOut, "d.yaml": "no such file or directory"},
		},
		"a link to the directory above, which would never end": {
			files: []string{"a/b.yaml"},
			setup: func(t *testing.T, root string) { link(t, "..", filepath.Join(root, "a", "up")) },
			paths: []string{"."},
			want:  []string{"a/b.yaml"},
		},
		"a directory that is given as a link": {
			files: []string{"real/a.yaml"},
			setup: func(t *testing.T, root string) { link(t, "real", filepath.Join(root, "given")) },
			paths: []string{"given"},
			want:  []string{"given/a.yaml"},
		},
		"a pipe in a directory, on which a read would wait for ever": {
			files: []string{"a.yaml"},
			setup: func(t *testing.T, root string) {
				if err := syscall.Mkfifo(filepath.Join(root, "b.yaml"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			paths:  []string{"."},
			want:   []string{"a.yaml"},
			errors: map[string]string{"b.yaml": "is not a regular file; give it as a PATH of its own to read it"},
		},
		"a directory without manifests, and a path that is not there": {
			files: []string{"d/README.md"},
			paths: []string{"d", "nowhere.yaml"},
			errors: map[string]string{
				"d":            "has no file named *.yaml, *.yml or *.json in it; name the manifests, or - for standard input",
				"nowhere.yaml": "no such file or directory",
			},
		},
		"standard input once, among files": {
			files: []string{"a.yaml"},
			paths: []string{"-", "a.yaml", "-"},
			want:  []string{"-", "a.yaml"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.files...)
			if c.setup != nil {
				c.setup(t, root)
			}
			t.Chdir(root)
			got := manifests(c.paths)
			if diff := cmp.Diff(c.want, got.files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			var errors map[string]string
			for _, err := range got.errors {
				if errors == nil {
					errors = map[string]string{}
				}
				errors[err.File] = err.Message
			}
			if diff := cmp.Diff(c.errors, errors); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
