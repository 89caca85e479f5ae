package gobuild

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFingerprintsDifferWhereFilesDo(t *testing.T) {
	module := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(module, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"one file", func() { write("go.mod", "module a\n") }},
		{"another content", func() { write("go.mod", "module b\n") }},
		{"another file", func() { write("go.sum", "") }},
		{"content moved between files", func() { write("go.mod", ""); write("go.sum", "module b\n") }},
	} {
		step.do()
		got, err := fingerprint(module)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[got]; ok {
			t.Errorf("%s has the fingerprint of: %s", step.name, before)
		}
		seen[got] = step.name
		if again, err := fingerprint(module); err != nil || again != got {
			t.Errorf("%s: a second look gives %s, %v, not %s", step.name, again, err, got)
		}
	}
}

func TestProgressCountsPackagesAndPassesDiagnosticsOn(t *testing.T) {
	var out bytes.Buffer
	p := &progress{what: "etcd", out: &out, start: time.Now()}
	p.follow(strings.NewReader("go: downloading go.etcd.io/bbolt v1.4.0\nnet/http\ngo.etcd.io/bbolt\n" +
		"# get https://proxy.example/x/@v/v1.zip\n./main.go:3:5: undefined: x\n"))
	p.show()
	want := "go: downloading go.etcd.io/bbolt v1.4.0\n./main.go:3:5: undefined: x\n" +
		"  etcd               3 steps,    0 s, https://proxy.example/x/@v/v1.zip\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
