package imagepolicy_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	cosigntypes "github.com/sigstore/cosign/v3/pkg/types"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
	"github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/fluxgate/fluxgate/verify"
)

// signingKey signs with a key pair, as `cosign sign --key` does.
type signingKey struct {
	signature.Signer
	private *ecdsa.PrivateKey
	public  []byte // in PEM
	// PEM is the public key, indented to stand in a policy.
	PEM string
	// Fingerprint is as verify.Key has it.
	Fingerprint string
}

func newKey(t *testing.T) signingKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadSigner(private, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	parsed, err := verify.ParsePublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return signingKey{Signer: signer, private: private, public: public, PEM: fmt.Sprintf("%q", public), Fingerprint: parsed.Fingerprint}
}

// with is the key with another hash.
func (k signingKey) with(t *testing.T, hash crypto.Hash) signature.Signer {
	t.Helper()
	signer, err := signature.LoadSigner(k.private, hash)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// signLogged stores a legacy signature of the artifact with its entry in the log of the test's Rekor.
func (w *world) signLogged(by signingKey) {
	w.t.Helper()
	content := w.claim(w.digest)
	signed, err := by.SignMessage(bytes.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	body := fmt.Appendf(nil, `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"%x"}},`+
		`"signature":{"content":%q,"publicKey":{"content":%q}}}}`,
		sha256.Sum256(content), base64.StdEncoding.EncodeToString(signed), base64.StdEncoding.EncodeToString(by.public))
	w.attach(content, base64.StdEncoding.EncodeToString(signed),
		static.WithBundle(promised(w.t, w.VirtualSigstore, body, time.Now().Unix(), 1)))
}

// claim is what a legacy signature signs.
func (w *world) claim(digest string) []byte {
	w.t.Helper()
	ref, err := name.NewDigest(repository + "@" + digest)
	if err != nil {
		w.t.Fatal(err)
	}
	content, err := payload.Cosign{Image: ref}.MarshalJSON()
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// sign stores a legacy signature of the artifact.
func (w *world) sign(key signature.Signer, options ...static.Option) {
	w.signPayload(key, w.claim(w.digest), options...)
}

func (w *world) signPayload(key signature.Signer, content []byte, options ...static.Option) {
	w.t.Helper()
	signed, err := key.SignMessage(bytes.NewReader(content))
	if err != nil {
		w.t.Fatal(err)
	}
	w.attach(content, base64.StdEncoding.EncodeToString(signed), options...)
}

// attach stores anything as a legacy signature of the artifact, beside those that are there.
func (w *world) attach(content []byte, signed string, options ...static.Option) {
	w.t.Helper()
	made, err := static.NewSignature(content, signed, options...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(ociremote.WriteSignatures, func(entity oci.SignedEntity) (oci.SignedEntity, error) {
		return mutate.AttachSignatureToEntity(entity, made)
	})
}

// statement is an in-toto statement about the artifact.
func (w *world) statement(predicateType, predicate string) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":%q,"subject":[{"name":%q,"digest":{"sha256":%q}}],"predicate":%s}`,
		predicateType, repository, w.digest[len("sha256:"):], predicate)
}

// attest stores a legacy attestation of the artifact.
func (w *world) attest(key signature.Signer, predicateType, predicate string) {
	w.t.Helper()
	envelope, err := dsse.WrapSigner(key, cosigntypes.IntotoPayloadType).SignMessage(bytes.NewReader(w.statement(predicateType, predicate)))
	if err != nil {
		w.t.Fatal(err)
	}
	made, err := static.NewAttestation(envelope, static.WithLayerMediaType(cosigntypes.DssePayloadType))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(ociremote.WriteAttestations, func(entity oci.SignedEntity) (oci.SignedEntity, error) {
		return mutate.AttachAttestationToEntity(entity, made)
	})
}

func (w *world) write(
	store func(name.Repository, oci.SignedEntity, ...ociremote.Option) error, change func(oci.SignedEntity) (oci.SignedEntity, error),
) {
	w.t.Helper()
	ref := w.ref()
	entity, err := ociremote.SignedEntity(ref, w.direct())
	if err != nil {
		w.t.Fatal(err)
	}
	if entity, err = change(entity); err != nil {
		w.t.Fatal(err)
	}
	if err := store(ref.Repository, entity, w.direct(), ociremote.WithPrefix(w.prefix)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ref() name.Digest {
	w.t.Helper()
	ref, err := name.NewDigest(repository + "@" + w.digest)
	if err != nil {
		w.t.Fatal(err)
	}
	return ref
}

// direct reaches the registry as whoever signs does.
func (w *world) direct() ociremote.Option {
	return ociremote.WithRemoteOptions(remote.WithTransport(w.Transport()))
}
