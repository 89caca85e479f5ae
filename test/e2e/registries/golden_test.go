package registries_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what users read with a file of testdata. Whatever it is, it tells no secret.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, never := range []string{password, "PRIVATE KEY", "BEGIN CERTIFICATE"} {
		if strings.Contains(got, never) {
			t.Errorf("users are told %q", never)
		}
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", path, diff)
	}
}
