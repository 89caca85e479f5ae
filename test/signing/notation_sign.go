package signing

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/signer"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// The media types of the two envelopes of the Notary Project.
const (
	JWS  = jws.MediaTypeEnvelope
	COSE = cose.MediaTypeEnvelope
)

// NotationSigner signs with a certificate that an authority issued.
type NotationSigner struct {
	key   *ecdsa.PrivateKey
	chain []*x509.Certificate
}

// Subject is the distinguished name of the signer's certificate.
func (s *NotationSigner) Subject() string { return s.chain[0].Subject.String() }

// NotationSignature says how to sign. The zero value is what `notation sign` does.
type NotationSignature struct {
	// MediaType is that of the envelope; empty means JWS.
	MediaType string
	// At is when it claims to have been signed; zero means now.
	At time.Time
	// Expiry is when the signature expires; zero means never.
	Expiry time.Time
	// SigningAuthority chooses the scheme in which the authority vouches for the time.
	SigningAuthority bool
	// Attributes are signed with it, and critical.
	Attributes map[string]string
	// Timestamp is the authority that a timestamp is from, of the time At; nil means that there is none.
	Timestamp *NotationAuthority
	// Target is signed in the place of the artifact; its zero value means the artifact.
	Target ocispec.Descriptor
}

// Sign signs an artifact of the registry ("ghcr.io/acme/app", "sha256:…") and stores the signature there, by notation.Sign.
func (s *NotationSigner) Sign(t registrytest.TB, r *registrytest.Registry, repository, digest string, how NotationSignature) {
	t.Helper()
	if how.MediaType == "" {
		how.MediaType = JWS
	}
	_, err := notation.Sign(context.Background(), &notationSigner{s, how}, notationRepository(t, r, repository), notation.SignOptions{
		SignerSignOptions: notation.SignerSignOptions{SignatureMediaType: how.MediaType}, ArtifactReference: digest,
	})
	if err != nil {
		t.Fatalf("sign %s@%s: %v", repository, digest, err)
	}
}

// Envelope signs a descriptor and stores nothing.
func (s *NotationSigner) Envelope(t registrytest.TB, target ocispec.Descriptor, how NotationSignature) []byte {
	t.Helper()
	if how.MediaType == "" {
		how.MediaType = JWS
	}
	envelope, _, err := (&notationSigner{s, how}).Sign(context.Background(), target, notation.SignerSignOptions{SignatureMediaType: how.MediaType})
	if err != nil {
		t.Fatalf("sign %s: %v", target.Digest, err)
	}
	return envelope
}

// AttachNotation stores what may be an envelope as a signature of an artifact.
func AttachNotation(t registrytest.TB, r *registrytest.Registry, repository, digest, mediaType string, envelope []byte) {
	t.Helper()
	stored := notationRepository(t, r, repository)
	artifact, err := stored.Resolve(context.Background(), digest)
	if err != nil {
		t.Fatalf("resolve %s@%s: %v", repository, digest, err)
	}
	if _, _, err := stored.PushSignature(context.Background(), mediaType, envelope, artifact, nil); err != nil {
		t.Fatalf("store a signature of %s@%s: %v", repository, digest, err)
	}
}

func notationRepository(t registrytest.TB, r *registrytest.Registry, repository string) notationregistry.Repository {
	t.Helper()
	stored, err := remote.NewRepository(repository)
	if err != nil {
		t.Fatalf("read the name of the repository %s: %v", repository, err)
	}
	stored.Client = &http.Client{Transport: r.Transport()}
	return notationregistry.NewRepository(stored)
}

// notationSigner implements notation.Signer: by notation-go's own signer where that can, else by what that itself calls.
type notationSigner struct {
	*NotationSigner
	how NotationSignature
}

// Sign implements notation.Signer.
func (s *notationSigner) Sign(
	ctx context.Context, artifact ocispec.Descriptor, options notation.SignerSignOptions,
) ([]byte, *signature.SignerInfo, error) {
	how := s.how
	if how.Target.Digest != "" {
		artifact = how.Target
	}
	if how.At.IsZero() && how.Expiry.IsZero() && !how.SigningAuthority && how.Attributes == nil && how.Timestamp == nil {
		generic, err := signer.NewGenericSigner(s.key, s.chain)
		if err != nil {
			return nil, nil, err
		}
		return generic.Sign(ctx, artifact, options)
	}
	request, err := s.request(artifact)
	if err != nil {
		return nil, nil, err
	}
	envelope, err := signature.NewEnvelope(options.SignatureMediaType)
	if err != nil {
		return nil, nil, err
	}
	signed, err := envelope.Sign(request.WithContext(ctx))
	if err != nil {
		return nil, nil, err
	}
	content, err := envelope.Verify()
	if err != nil {
		return nil, nil, err
	}
	return signed, &content.SignerInfo, nil
}

func (s *notationSigner) request(artifact ocispec.Descriptor) (*signature.SignRequest, error) {
	payload, err := json.Marshal(map[string]any{"targetArtifact": artifact})
	if err != nil {
		return nil, err
	}
	local, err := signature.NewLocalSigner(s.chain, s.key)
	if err != nil {
		return nil, err
	}
	request := &signature.SignRequest{
		Payload:     signature.Payload{ContentType: "application/vnd.cncf.notary.payload.v1+json", Content: payload},
		Signer:      local,
		SigningTime: s.how.At, Expiry: s.how.Expiry, SigningScheme: signature.SigningSchemeX509,
		SigningAgent: "fluxgate test",
	}
	if request.SigningTime.IsZero() {
		request.SigningTime = time.Now()
	}
	if s.how.SigningAuthority {
		request.SigningScheme = signature.SigningSchemeX509SigningAuthority
	}
	for key, value := range s.how.Attributes {
		request.ExtendedSignedAttributes = append(request.ExtendedSignedAttributes,
			signature.Attribute{Key: key, Critical: true, Value: value})
	}
	if s.how.Timestamp != nil {
		request.TSARootCAs = x509.NewCertPool()
		request.TSARootCAs.AddCert(s.how.Timestamp.root())
		request.Timestamper = &timestamper{authority: s.how.Timestamp, at: request.SigningTime}
	}
	return request, nil
}
