package cosign

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

var update = flag.Bool("update", false, "write testdata anew")

const (
	storedIssuer  = "https://accounts.example.com"
	storedSubject = "me@example.com"
)

// stored are signatures of one artifact that do not change from run to run, and who made them: fuzzing starts from them in
// several processes. They are judged by the times that are in them, and do not grow old.
type stored struct {
	Key, Root string
	Bundles   []string
	Legacies  []storedLegacy
}

type storedLegacy struct{ Payload, Signature, Certificate, Logged string }

func load(t testing.TB) stored {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "stored.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// judges trust whoever signed what is stored.
func (s stored) judges(t testing.TB) []judge {
	t.Helper()
	key, err := verify.ParsePublicKey([]byte(s.Key))
	if err != nil {
		t.Fatal(err)
	}
	var judges []judge
	for _, demand := range []verify.Cosign{
		{Keys: []verify.PublicKey{key}},
		{TrustedRoot: []byte(s.Root), Identities: []verify.CertificateIdentity{{Issuer: storedIssuer, Subject: storedSubject}}},
	} {
		j, refusal, err := judgeOf(demand, Options{})
		if err != nil || j == nil {
			t.Fatal(refusal, err)
		}
		judges = append(judges, j)
	}
	return judges
}

// digestOf is what the stored signatures are of, or not.
func digestOf(digit string) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat(digit, 64)}
}

func annotationsOf(encoded, certificate, logged string) map[string]string {
	return map[string]string{
		static.SignatureAnnotationKey: encoded, static.CertificateAnnotationKey: certificate, static.BundleAnnotationKey: logged,
	}
}

// TestStored: what fuzzing starts from is good, for the artifact that it is of.
func TestStored(t *testing.T) {
	if *update {
		write(t)
	}
	s := load(t)
	for i, j := range s.judges(t) {
		if found := (&looking{digest: digestOf("b"), judge: j}).at([]byte(s.Bundles[i])); !found.Verified {
			t.Errorf("bundle %d: %+v", i, found)
		}
		signed := s.Legacies[i]
		annotations := annotationsOf(signed.Signature, signed.Certificate, signed.Logged)
		if found := assessLegacy(t.Context(), []byte(signed.Payload), annotations, digestOf("b"), j); !found.Verified {
			t.Errorf("legacy signature %d: %+v", i, found)
		}
	}
}

func write(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := signing.NewKey(signing.ECDSA)
	must(err)
	text, err := key.Public()
	must(err)
	authority, err := signing.NewAuthority()
	must(err)
	root, err := authority.TrustedRoot()
	must(err)
	artifact, err := name.NewDigest("ghcr.io/acme/app@" + digestOf("b").String())
	must(err)
	s := stored{Key: string(text), Root: string(root)}
	for _, signer := range []signing.Signer{key, authority.Identity(storedIssuer, storedSubject)} {
		raw, err := signing.Bundle(signer, artifact.DigestStr(), "")
		must(err)
		signed, err := signing.Legacy(signer, artifact)
		must(err)
		legacy, err := storedOf(signed)
		must(err)
		s.Bundles, s.Legacies = append(s.Bundles, string(raw)), append(s.Legacies, legacy)
	}
	raw, err := json.MarshalIndent(s, "", "  ")
	must(err)
	must(os.WriteFile(filepath.Join("testdata", "stored.json"), append(raw, '\n'), 0o644))
}

func storedOf(signed oci.Signature) (storedLegacy, error) {
	var s storedLegacy
	payload, err := signed.Payload()
	if err != nil {
		return s, err
	}
	s.Payload = string(payload)
	if s.Signature, err = signed.Base64Signature(); err != nil {
		return s, err
	}
	if leaf, err := signed.Cert(); err != nil {
		return s, err
	} else if leaf != nil {
		text, err := cryptoutils.MarshalCertificateToPEM(leaf)
		if err != nil {
			return s, err
		}
		s.Certificate = string(text)
	}
	if logged, err := signed.Bundle(); err != nil {
		return s, err
	} else if logged != nil {
		text, err := json.Marshal(logged)
		s.Logged = string(text)
		return s, err
	}
	return s, nil
}
