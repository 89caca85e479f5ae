package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadReadsFilesAndDirectories(t *testing.T) {
	dir := t.TempDir()
	write := func(name, policy string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(head, "name: p", "name: "+policy, 1) + "  rules: [{rule: canonical-url}]\n"
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("dir/z.yaml", "a")
	write("dir/sub/b.yml", "b")
	write("dir/readme.md", "not-read")
	write("dir/..data/z.yaml", "a") // what a mounted ConfigMap looks like
	write("file.policy", "d")
	asJSON := `{"apiVersion":"fluxgate.dev/v1alpha1","kind":"SourcePolicy","metadata":{"name":"c"},"spec":{"rules":[{"rule":"canonical-url"}]}}`
	if err := os.WriteFile(filepath.Join(dir, "dir", "c.json"), []byte(asJSON), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := Load(filepath.Join(dir, "file.policy"), filepath.Join(dir, "dir"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range set.Policies() {
		names = append(names, p.Name())
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, names); diff != "" {
		t.Error("(-want +got):\n", diff)
	}
}

func TestLoadRefusesPathsWithoutPolicies(t *testing.T) {
	dir := t.TempDir()
	empty, big := filepath.Join(dir, "empty"), filepath.Join(dir, "big.yaml")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(big, make([]byte, maxFileSize+1), 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for name, c := range map[string]struct {
		paths []string
		want  []Problem
	}{
		"no path": {want: []Problem{{Message: "no file or directory of policies is given"}}},
		"all at once": {paths: []string{missing, empty, big}, want: []Problem{
			{File: big, Message: "the file is larger than 1048576 bytes"},
			{File: empty, Message: "the directory holds no *.yaml, *.yml or *.json file"},
			{File: missing, Message: "no such file or directory"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(c.paths...)
			failed, ok := errors.AsType[*LoadError](err)
			if !ok {
				t.Fatalf("error is %v, want a *LoadError", err)
			}
			if diff := cmp.Diff(c.want, failed.Problems); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
		})
	}
}
