package cosign

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/fluxgate/fluxgate/verify"
)

// TestMessages has all that users are told, each behind "the artifact".
func TestMessages(t *testing.T) {
	leaf, err := cryptoutils.UnmarshalCertificatesFromPEM([]byte(load(t).Legacies[1].Certificate))
	if err != nil {
		t.Fatal(err)
	}
	all := []verify.Signature{unsigned(), malformed(), otherArtifact(), tooMany(), wrongKey(), unlikeFlux(), untrusted(), expired(), wrongIdentity(leaf[0])}
	for _, identities := range [][]verify.CertificateIdentity{
		nil, {{Issuer: "a"}}, {{Issuer: "a", Subject: "b"}, {IssuerRegExp: "a", SubjectRegExp: "("}}, make([]verify.CertificateIdentity, maxIdentities+1),
	} {
		_, refusal := identitiesOf(identities)
		all = append(all, *refusal)
	}
	for _, root := range []string{"{}", strings.Repeat(" ", maxRoot+1)} {
		_, refusal, err := trustedRoot(verify.Cosign{TrustedRoot: []byte(root)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, *refusal)
	}
	var got strings.Builder
	for _, refused := range all {
		got.WriteString(string(refused.Reason) + ": " + refused.Message + "\n")
	}
	path := filepath.Join("testdata", "messages.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}
