package cosign_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	cli "github.com/fluxgate/fluxgate/test/signing/cosign"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
)

const repository = "ghcr.io/acme/app"

const unlikeFlux = "has a cosign signature by a key that is asked for, in a way that Flux does not verify: " +
	"with keys of P-384, P-521 and Ed25519, cosign signs otherwise; sign it with a key of ECDSA P-256, or of RSA"

// TestWhatTheCommandLineSigns: each kind of key that it signs with, in both forms.
func TestWhatTheCommandLineSigns(t *testing.T) {
	r := registrytest.Start(t, "ghcr.io")
	proxy := registrytest.StartProxy(t, r)
	tool, err := cli.New(t.TempDir(), proxy.URL(), r.CA())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]func() ([]byte, error){
		"cosign's own": func() ([]byte, error) { return tool.GenerateKey(t.Context(), "own") },
	}
	for name, private := range privateKeys(t) {
		keys[name] = func() ([]byte, error) { return tool.ImportKey(t.Context(), name, private) }
	}
	for name, make := range keys {
		text, err := make()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		key, err := verify.ParsePublicKey(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "cosign's own" {
			name = "own"
		}
		for scheme, sign := range map[verify.Scheme]func(ctx context.Context, key, artifact string) error{
			verify.SchemeCosignBundle: tool.SignBundle, verify.SchemeCosignLegacy: tool.SignLegacy,
		} {
			t.Run(name+" "+string(scheme), func(t *testing.T) {
				digest := r.MustPush(t, repository, "v1")
				if err := sign(t.Context(), name, repository+"@"+digest); err != nil {
					t.Fatal(err)
				}
				want := verify.Signature{Verified: true, Scheme: scheme, Signers: []verify.Signer{{Fingerprint: key.Fingerprint}}}
				if name == "p384" || name == "ed25519" {
					want = verify.Unverified(verify.ReasonWrongKey, unlikeFlux)
				}
				if diff := cmp.Diff(want, check(t, r, digest, key)); diff != "" {
					t.Errorf("signature (-want +got):\n%s", diff)
				}
			})
		}
	}
	asked := slices.Compact(slices.Sorted(slices.Values(proxy.Asked())))
	if diff := cmp.Diff([]string{"ghcr.io:443"}, asked); diff != "" {
		t.Errorf("cosign reached (-want +got):\n%s", diff)
	}
}

func privateKeys(t *testing.T) map[string][]byte {
	t.Helper()
	made := map[string]crypto.Signer{}
	var err error
	if made["p384"], err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if made["rsa"], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if _, made["ed25519"], err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for name, key := range made {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	return all
}

// check verifies as Fluxgate does.
func check(t *testing.T, r *registrytest.Registry, digest string, key verify.PublicKey) verify.Signature {
	t.Helper()
	parsed, err := flux.ParseRepository("oci://" + repository)
	if err != nil {
		t.Fatal(err)
	}
	client := registry.New(registry.Options{
		RequestTimeout: time.Minute, ResolveTimeout: time.Minute,
		Roots: r.Roots(), Dial: r.Dial, AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	})
	access, err := client.Access(t.Context(), flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + repository,
		Repository: parsed, Provider: "generic", Namespace: "apps",
	}, digest, true)
	if err != nil {
		t.Fatal(err)
	}
	session, err := access.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	found, err := cosign.Verify(t.Context(), session, digest, verify.Cosign{Keys: []verify.PublicKey{key}}, cosign.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
