package notation_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	godigest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/notation"
)

const repository = "ghcr.io/acme/app"

// fixture is a registry with an artifact, and those who may sign it.
type fixture struct {
	*registrytest.Registry
	client *registry.Client
	digest string
	// authority has issued the signer's certificate.
	authority *signing.NotationAuthority
	signer    *signing.NotationSigner
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Registry: registrytest.Start(t, "ghcr.io"), authority: signing.NewNotationAuthority(t, "Acme")}
	f.signer = f.authority.Signer(t, "builder")
	f.digest = f.MustPush(t, repository, "v1")
	f.client = registry.New(registry.Options{
		// Only tests about time have a short deadline.
		RequestTimeout: time.Minute, ResolveTimeout: time.Minute,
		Roots:       f.Roots(),
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, _ := net.SplitHostPort(address); host != "127.0.0.1" {
				t.Errorf("the network was reached at %s", address)
			}
			return f.Dial(ctx, network, address)
		},
	})
	return f
}

// sign signs the artifact as the signer.
func (f *fixture) sign(t *testing.T, how signing.NotationSignature) {
	t.Helper()
	f.signer.Sign(t, f.Registry, repository, f.digest, how)
}

// open opens the way to the repository, and forgets the requests that led there.
func (f *fixture) open(t *testing.T) *registry.Session {
	t.Helper()
	parsed, err := flux.ParseRepository("oci://" + repository)
	if err != nil {
		t.Fatal(err)
	}
	access, err := f.client.Access(t.Context(), flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + repository,
		Repository: parsed, Provider: "generic", Namespace: "apps",
	}, f.digest, true)
	if err != nil {
		t.Fatal(err)
	}
	session, err := access.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	f.Forget()
	return session
}

// material is the Secret that verifies what the signer signed.
func (f *fixture) material(t *testing.T) verify.Notation {
	t.Helper()
	return material(signing.NotationTrustPolicy(t, repository, f.signer.Subject()), f.authority)
}

// material is a Secret as whoever calls the package hands it over.
func material(policy []byte, authorities ...*signing.NotationAuthority) verify.Notation {
	data := signing.NotationSecret(policy, authorities...)
	read := verify.Notation{TrustPolicy: data["trustpolicy.json"], Certificates: map[string][]byte{}}
	for entry, content := range data {
		if entry != "trustpolicy.json" {
			read.Certificates[entry] = content
		}
	}
	return read
}

// verify verifies the artifact; an error fails the test.
func (f *fixture) verify(t *testing.T, trusted verify.Notation) verify.Signature {
	t.Helper()
	got, err := notation.Compile(trusted, notation.Options{}).Verify(t.Context(), f.open(t), f.digest)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return got
}

// by is the verdict on an artifact that a signer has signed, by a certificate that leads to the authority.
func by(t *testing.T, authority *signing.NotationAuthority, signer *signing.NotationSigner) verify.Signature {
	t.Helper()
	keys, err := verify.Keys("notation", map[string][]byte{"a.crt": authority.PEM()})
	if err != nil {
		t.Fatal(err)
	}
	return verify.Signature{
		Verified: true, Scheme: verify.SchemeNotation,
		Signers: []verify.Signer{{Fingerprint: keys[0].Fingerprint, Subject: signer.Subject()}},
	}
}

func compare(t *testing.T, want, got verify.Signature) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
}

func yesterday() time.Time { return time.Now().AddDate(0, 0, -1).Add(-time.Hour) }

// descriptor is what is signed of an artifact.
func (f *fixture) descriptor(t *testing.T, digest string) ocispec.Descriptor {
	t.Helper()
	reference, err := name.ParseReference(repository + "@" + digest)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(reference, remote.WithTransport(f.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	return ocispec.Descriptor{MediaType: string(found.MediaType), Digest: godigest.Digest(digest), Size: found.Size}
}

// protected is the protected header of an honest signature.
func protected() map[string]any {
	return map[string]any{
		"alg": "ES256", "cty": "application/vnd.cncf.notary.payload.v1+json", "crit": []string{"io.cncf.notary.signingScheme"},
		"io.cncf.notary.signingScheme": "notary.x509", "io.cncf.notary.signingTime": time.Now(),
	}
}

// forge stores a signature with that header.
func (f *fixture) forge(t *testing.T, header map[string]any) {
	t.Helper()
	envelope := f.signer.ForgeJWS(t, header, f.descriptor(t, f.digest))
	signing.AttachNotation(t, f.Registry, repository, f.digest, signing.JWS, envelope)
}

// silent is a Visit that nothing may be sent by.
type silent struct {
	t          *testing.T
	repository string
}

func (s silent) Repository() name.Repository {
	parsed, err := name.NewRepository(s.repository)
	if err != nil {
		s.t.Fatal(err)
	}
	return parsed
}

func (s silent) Transport() http.RoundTripper { return s }

func (s silent) Failure() error { return nil }

func (s silent) RoundTrip(req *http.Request) (*http.Response, error) {
	s.t.Errorf("a request was sent: %s %s", req.Method, req.URL)
	return nil, errors.New("nothing may be sent")
}

func digestOf(content []byte) godigest.Digest { return godigest.FromBytes(content) }
