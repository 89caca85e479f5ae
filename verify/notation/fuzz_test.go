package notation

import (
	"bytes"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

// FuzzEnvelopes: whatever is stored as a signature, only the signer's counts, and nothing panics.
func FuzzEnvelopes(f *testing.F) {
	const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	target := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest, Size: 2}
	authority, stranger := signing.NewNotationAuthority(f, "Acme"), signing.NewNotationAuthority(f, "Acme")
	policy, problem := readPolicy(signing.NotationTrustPolicy(f, "*", "C=US, ST=WA, O=Acme"))
	if problem != "" {
		f.Fatal(problem)
	}
	store, problem := readCertificates(map[string][]byte{"a.crt": authority.PEM()})
	if problem != "" {
		f.Fatal(problem)
	}
	j := &judge{policy: policy, store: store, reference: "ghcr.io/acme/app@" + digest, digest: digest}
	counts := 0
	for _, mediaType := range []string{signing.JWS, signing.COSE} {
		how := signing.NotationSignature{MediaType: mediaType}
		own := authority.Signer(f, "builder").Envelope(f, target, how)
		if verdict, err := j.judge(f.Context(), mediaType, own); err == nil && verdict.signature.Verified {
			counts++
		}
		// Only those that do not count are changed: a change of what is not signed leaves a signature good.
		f.Add(mediaType == signing.JWS, stranger.Signer(f, "builder").Envelope(f, target, how))
		f.Add(mediaType == signing.JWS, authority.Signer(f, "builder").Envelope(f, ocispec.Descriptor{Digest: "sha256:00"}, how))
		f.Add(mediaType == signing.JWS, own[:len(own)/2])
	}
	if counts != 2 {
		f.Fatalf("%d of the signer's own envelopes count, want 2", counts)
	}
	f.Fuzz(func(t *testing.T, inJWS bool, envelope []byte) {
		mediaType := signing.COSE
		if inJWS {
			mediaType = signing.JWS
		}
		verdict, err := j.judge(t.Context(), mediaType, envelope)
		if err != nil || verdict.signature.Verified || verdict.signature.Reason == "" || verdict.signature.Message == "" {
			t.Errorf("%+v, %v", verdict, err)
		}
	})
}

// FuzzSecrets: whatever stands in a Secret, it verifies, or a sentence says why not and quotes nothing of it. What is said to
// verify is what notation-go calls a policy that enforces.
func FuzzSecrets(f *testing.F) {
	authority := signing.NewNotationAuthority(f, "Acme")
	f.Add(signing.NotationTrustPolicy(f, "*", "C=US, ST=WA, O=Acme"), authority.PEM())
	f.Add([]byte(`{"version":"1.0","trustPolicies":[{"name":"a","registryScopes":["*"],"signatureVerification":{"level":"audit",`+
		`"override":{"expiry":"log"}},"trustStores":["ca:a"],"trustedIdentities":["*"]}]}`), authority.Certificate.Raw)
	f.Add([]byte(`{"version":"1.0","trustPolicies":[{"name":"a","registryScopes":["*"],"signatureVerification":{"level":"skip"}}]}`), []byte("x"))
	f.Fuzz(func(t *testing.T, content, certificate []byte) {
		v := Compile(verify.Notation{TrustPolicy: content, Certificates: map[string][]byte{"a.crt": certificate}}, Options{})
		repository, err := name.NewRepository("ghcr.io/acme/app")
		if err != nil {
			t.Fatal(err)
		}
		refusal, refused := v.Refusal(repository)
		if refused != (refusal.Reason != "" && refusal.Message != "") || refusal.Verified {
			t.Fatalf("%+v, %t", refusal, refused)
		}
		for _, secret := range [][]byte{content, certificate} {
			if len(secret) > 32 && bytes.Contains([]byte(refusal.Message), secret) {
				t.Errorf("the message tells the content: %s", refusal.Message)
			}
		}
		if refused {
			return
		}
		statement, err := v.policy.GetApplicableTrustPolicy("ghcr.io/acme/app@")
		if err != nil {
			t.Fatal(err)
		}
		effective, err := statement.SignatureVerification.GetVerificationLevel()
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range trustpolicy.ValidationTypes {
			if check != trustpolicy.TypeRevocation && effective.Enforcement[check] != trustpolicy.ActionEnforce {
				t.Errorf("%s is not enforced", check)
			}
		}
	})
}
