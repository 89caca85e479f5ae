package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTrustedRootsThatCannotBe are told of by all commands that verify, with the flag and what to write.
func TestTrustedRootsThatCannotBe(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{"app.yaml": verified, "key.pub": "-----BEGIN PUBLIC KEY-----\n", "empty.json": "{}"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const exclusive = "--trusted-root and --trusted-root-tuf exclude each other: the trusted root is in a file, or in a repository\n"
	for sentence, c := range map[string]struct {
		flags []string
		want  string
	}{
		"a file that is not there":          {[]string{"--trusted-root", "nowhere.json"}, "--trusted-root: open nowhere.json: no such file or directory\n"},
		"a file that is none":               {[]string{"--trusted-root", "key.pub"}, "--trusted-root: key.pub is no trusted root: write the content of a trusted_root.json, as JSON\n"},
		"a file that is another's JSON":     {[]string{"--trusted-root", "empty.json"}, "--trusted-root: empty.json is no trusted root: write the content of a trusted_root.json, as JSON\n"},
		"a folder":                          {[]string{"--trusted-root", "."}, "--trusted-root: read .: is a directory\n"},
		"a file and a repository":           {[]string{"--trusted-root", "empty.json", "--trusted-root-tuf", "https://tuf.example.com"}, exclusive},
		"a repository that is no URL":       {[]string{"--trusted-root-tuf", "tuf.example.com"}, "--trusted-root-tuf: \"tuf.example.com\" is no URL, use one like https://tuf-repo-cdn.sigstore.dev\n"},
		"a root.json without a repository":  {[]string{"--trusted-root-tuf-root", "empty.json"}, "--trusted-root-tuf-root is for --trusted-root-tuf, which is not set\n"},
		"a root.json that is not there":     {[]string{"--trusted-root-tuf", "https://tuf.example.com", "--trusted-root-tuf-root", "root.json"}, "--trusted-root-tuf-root: open root.json: no such file or directory\n"},
		"a root.json that is none":          {[]string{"--trusted-root-tuf", "https://tuf.example.com", "--trusted-root-tuf-root", "empty.json"}, "--trusted-root-tuf-root: empty.json is no root.json of a TUF repository: write the one that its owner gives out\n"},
		"a file, a repository and no URL":   {[]string{"--trusted-root", "empty.json", "--trusted-root-tuf", "ftp://x"}, exclusive + "--trusted-root-tuf: \"ftp://x\" is no URL, use one like https://tuf-repo-cdn.sigstore.dev\n"},
		"a root.json and no repository yet": {[]string{"--trusted-root", "empty.json", "--trusted-root-tuf-root", "empty.json"}, "--trusted-root-tuf-root is for --trusted-root-tuf, which is not set\n"},
	} {
		for _, command := range []string{"check", "diagnose"} {
			want := outcome{Code: 2, Stderr: "fluxgate: " + c.want}
			if diff := cmp.Diff(want, inProcess("", append([]string{command, "app.yaml"}, c.flags...)...)); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", command, sentence, diff)
			}
		}
	}
}

// TestATUFRepositoryThatIsDownIsNoVerdict: what is asked for once and cannot be had is neither bad usage nor a denial.
func TestATUFRepositoryThatIsDownIsNoVerdict(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, []byte(verified), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "diagnose"} {
		got := inProcess("", command, "--trusted-root-tuf", "http://127.0.0.1:1", file)
		const want = "fluxgate: --trusted-root-tuf: TUF repository http://127.0.0.1:1: "
		if got.Code != 3 || got.Stdout != "" || !strings.HasPrefix(got.Stderr, want) {
			t.Errorf("%s: got %+v, want code 3 and %q", command, got, want)
		}
		if offline := inProcess("", command, "--offline", "--trusted-root-tuf", "http://127.0.0.1:1", file); offline.Code != 0 {
			t.Errorf("%s offline: got %+v, want code 0, as nobody is asked", command, offline)
		}
	}
}
