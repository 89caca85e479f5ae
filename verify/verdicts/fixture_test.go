package verdicts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

const (
	app     = "ghcr.io/acme/app"
	issuer  = "https://token.example.com"
	subject = "https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main"
)

// TestMain leaves libraries no way to a network but the one that they are given.
func TestMain(m *testing.M) {
	http.DefaultTransport = offline{}
	os.Exit(m.Run())
}

type offline struct{}

// RoundTrip is never to be reached.
func (offline) RoundTrip(req *http.Request) (*http.Response, error) {
	panic("a request went to " + req.URL.String() + " past the session")
}

// world is a registry with an artifact, whoever may sign it, and the Secrets of a cluster.
type world struct {
	testing.TB
	*registrytest.Registry
	place   signing.Place
	digest  string
	clock   time.Time
	options verdicts.Options

	mu      sync.Mutex
	secrets map[string]map[string][]byte
	// reading is what keeps Secrets from being read; nil where nothing does.
	reading error
	seen    int // verifications
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		TB: t, Registry: registrytest.Start(t, "ghcr.io"), clock: time.Now(), secrets: map[string]map[string][]byte{},
	}
	w.digest = w.MustPush(t, app, "v1")
	place, err := signing.In(w.Registry, app)
	w.must(err)
	w.place = place
	w.options = verdicts.Options{
		Registry: registry.New(w.registry()),
		Secrets:  w,
		Now:      func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.clock },
		Observe:  func(verify.Signature, error, int) { w.mu.Lock(); defer w.mu.Unlock(); w.seen++ },
	}
	return w
}

// registry leads to the registry of the test whatever is asked for.
func (w *world) registry() registry.Options {
	return registry.Options{
		Credentials: registry.ObjectCredentials{Secrets: w},
		Roots:       w.Roots(),
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial:           w.Dial,
		RequestTimeout: time.Minute, ResolveTimeout: time.Minute,
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// Material implements verdicts.Secrets.
func (w *world) Material(_ context.Context, namespace, name string) (map[string][]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, found := w.secrets[namespace+"/"+name]
	switch {
	case w.reading != nil:
		return nil, w.reading
	case !found:
		return nil, verify.Missing()
	}
	return verify.Entries(data), nil
}

// ReadSecret implements registry.SecretReader.
func (w *world) ReadSecret(_ context.Context, namespace, name string) (*registry.Secret, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, found := w.secrets[namespace+"/"+name]
	if !found {
		return nil, nil
	}
	return &registry.Secret{Type: "kubernetes.io/dockerconfigjson", Data: data}, nil
}

func (w *world) put(name string, data map[string][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets["apps/"+name] = data
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// verifications is how many were carried out since it was last asked.
func (w *world) verifications() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = 0
	return seen
}

// source is an OCIRepository's source with a digest and a verify block.
func (w *world) source(block flux.Verify) flux.Source {
	w.Helper()
	repository, err := flux.ParseRepository("oci://" + app)
	w.must(err)
	return flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + app, Repository: repository,
		Ref: flux.Ref{Digest: w.digest}, Provider: "generic", Namespace: "apps", Verify: &block,
	}
}

func (w *world) key() (signing.Key, []byte) {
	w.Helper()
	key, err := signing.NewKey(signing.ECDSA)
	w.must(err)
	text, err := key.Public()
	w.must(err)
	return key, text
}

func (w *world) own(v *verdicts.Verifier, source flux.Source) verify.Signature {
	w.Helper()
	found, err := v.Own(w.Context(), source, false)
	if err != nil {
		w.Fatalf("verify: %v (%v)", err, errors.Unwrap(err))
	}
	return found
}

// summary is a signature as a line.
func summary(s verify.Signature) string {
	if s.Verified {
		return fmt.Sprintf("verified as %s", s.Scheme)
	}
	return string(s.Reason) + ": " + s.Message
}
