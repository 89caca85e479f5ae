package cosign_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
)

const (
	repository = "ghcr.io/acme/app"
	issuer     = "https://token.actions.githubusercontent.com"
	subject    = "https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main"
)

// TestMain leaves libraries no way to a network but the one that they are given: the clients of TUF, Rekor and Fulcio use the
// process's.
func TestMain(m *testing.M) {
	elsewhere := &offline{}
	http.DefaultTransport = elsewhere
	code := m.Run()
	if sent := elsewhere.sent.Load(); sent > 0 {
		fmt.Fprintf(os.Stderr, "FAIL: %d requests went past the visit\n", sent)
		code = 1
	}
	os.Exit(code)
}

type offline struct{ sent atomic.Int64 }

func (o *offline) RoundTrip(req *http.Request) (*http.Response, error) {
	o.sent.Add(1)
	return nil, errors.New("a request went past the visit: " + req.URL.String())
}

// world is a registry with an artifact, and who may sign it.
type world struct {
	*testing.T
	registry *registrytest.Registry
	client   *registry.Client
	place    signing.Place
	// artifact is the digest of what is verified, and other that of something else.
	artifact, other string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, registry: registrytest.Start(t, "ghcr.io")}
	w.artifact = w.registry.MustPush(t, repository, "v1")
	w.other = w.registry.MustPush(t, repository, "v2")
	var err error
	if w.place, err = signing.In(w.registry, repository); err != nil {
		t.Fatal(err)
	}
	w.client = registry.New(registry.Options{
		Roots:          w.registry.Roots(),
		Proxy:          func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress:    []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		RequestTimeout: time.Minute, ResolveTimeout: time.Minute,
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if host != "ghcr.io" {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: w.registry.Dial,
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// open logs in at the registry.
func (w *world) open() *registry.Session {
	w.Helper()
	parsed, err := flux.ParseRepository("oci://" + repository)
	w.must(err)
	access, err := w.client.Access(w.Context(), flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + repository,
		Repository: parsed, Provider: "generic", Namespace: "apps",
	}, w.artifact, true)
	w.must(err)
	session, err := access.Open(w.Context())
	w.must(err)
	w.Cleanup(session.Close)
	return session
}

// verify looks for what a demand asks for; the registry's log then begins after the login.
func (w *world) verify(demand verify.Cosign, options cosign.Options) (verify.Signature, error) {
	w.Helper()
	session := w.open()
	defer session.Close()
	w.registry.Forget()
	return cosign.Verify(session.Context(), session, w.artifact, demand, options)
}

func (w *world) mustVerify(demand verify.Cosign) verify.Signature {
	w.Helper()
	found, err := w.verify(demand, cosign.Options{})
	if err != nil {
		w.Fatalf("verify: %v (%v)", err, errors.Unwrap(err))
	}
	return found
}

func (w *world) reference(digest string) name.Digest {
	w.Helper()
	parsed, err := name.NewDigest(repository + "@" + digest)
	w.must(err)
	return parsed
}

func newKey(t testing.TB, kind protocommon.PublicKeyDetails) signing.Key {
	t.Helper()
	key, err := signing.NewKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicKey(t testing.TB, key signing.Key) verify.PublicKey {
	t.Helper()
	text, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := verify.ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func newAuthority(t testing.TB) *signing.Authority {
	t.Helper()
	authority, err := signing.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func trustedRoot(t testing.TB, authority *signing.Authority) []byte {
	t.Helper()
	raw, err := authority.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// demandOf asks for the signature of any of several signers, which are all keys or all identities of one authority.
func demandOf(t testing.TB, signers ...signing.Signer) verify.Cosign {
	t.Helper()
	var demand verify.Cosign
	for _, signer := range signers {
		switch signer := signer.(type) {
		case signing.Key:
			demand.Keys = append(demand.Keys, publicKey(t, signer))
		case signing.Identity:
			demand.TrustedRoot = trustedRoot(t, signer.Authority)
			demand.Identities = append(demand.Identities, verify.CertificateIdentity{Issuer: signer.Issuer, Subject: signer.Subject})
		}
	}
	return demand
}

// signerOf is how a signer is told.
func signerOf(t testing.TB, signer signing.Signer) verify.Signer {
	t.Helper()
	if identity, keyless := signer.(signing.Identity); keyless {
		return verify.Signer{Issuer: identity.Issuer, Subject: identity.Subject}
	}
	return verify.Signer{Fingerprint: publicKey(t, signer.(signing.Key)).Fingerprint}
}
