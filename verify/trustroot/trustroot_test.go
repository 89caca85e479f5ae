package trustroot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
)

// rootOf is the trusted root of a new sigstore.
func rootOf(t *testing.T) string {
	t.Helper()
	sigstore, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		sigstore.FulcioCertificateAuthorities(), sigstore.CTLogs(), sigstore.TimestampingAuthorities(), sigstore.RekorLogs())
	if err != nil {
		t.Fatal(err)
	}
	text, err := trusted.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trusted_root.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := New(File(path))
	if err := k.Refresh(t.Context()); err == nil || k.Root() != nil {
		t.Errorf("without a file there is a root, error %v", err)
	}
	first, second := rootOf(t), rootOf(t)
	for _, test := range []struct{ sentence, written, want, err string }{
		{"the first", first, first, ""},
		{"another", second, second, ""},
		{"none", "{", second, path + " is no trusted root: write the content of a trusted_root.json, as JSON"},
		{"one that is too long", strings.Repeat(" ", maxSize+1), second, path + " has more than 262144 bytes"},
	} {
		write(test.written)
		err := k.Refresh(t.Context())
		if got := string(k.Root()); got != test.want {
			t.Errorf("%s: root is %.40s…", test.sentence, got)
		}
		if said := errorText(err); said != test.err {
			t.Errorf("%s: error %q, want %q", test.sentence, said, test.err)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
