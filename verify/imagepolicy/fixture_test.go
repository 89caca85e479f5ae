package imagepolicy_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"testing"
	"text/template"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

const (
	host       = "ghcr.io"
	repository = host + "/acme/app"
)

// world is a registry over TLS with one artifact, whoever signs it, and the client that Fluxgate asks registries by.
type world struct {
	*registrytest.Registry
	t      *testing.T
	digest string
	prefix string // of the tags under which signatures are stored
	client *registry.Client
	sigstore
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Registry: registrytest.Start(t, host), t: t}
	w.digest = w.MustPush(t, repository, "v1")
	w.sigstore = newSigstore(t)
	w.client = registry.New(registry.Options{
		// Only tests about time have a short deadline.
		RequestTimeout: time.Minute, ResolveTimeout: time.Minute,
		Roots:       w.Roots(),
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
			if name != host {
				t.Errorf("%s is looked up", name)
				return nil, errors.New("the test's network ends here")
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return w.Dial(ctx, network, address)
		},
	})
	closeOtherRoads(t)
	return w
}

// closeOtherRoads fails the test when a library dials but by the registry's client, or writes to where it has its home.
func closeOtherRoads(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("TUF_ROOT", home+"/tuf")
	before := http.DefaultTransport
	http.DefaultTransport = roundTripper(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s is dialled by a way of the library's own", req.URL)
		return nil, errors.New("the test's network ends here")
	})
	t.Cleanup(func() {
		http.DefaultTransport = before
		if written, err := os.ReadDir(home); err != nil || len(written) > 0 {
			t.Errorf("a library wrote to its home: %v (%v)", written, err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// visit opens a session as a review does.
func (w *world) visit(ctx context.Context) *registry.Session {
	w.t.Helper()
	parsed, err := flux.ParseRepository("oci://" + repository)
	if err != nil {
		w.t.Fatal(err)
	}
	access, err := w.client.Access(ctx, flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + repository,
		Repository: parsed, Provider: "generic", Namespace: "apps",
	}, w.digest, true)
	if err != nil {
		w.t.Fatal(err)
	}
	session, err := access.Open(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(session.Close)
	return session
}

// policy reads a ClusterImagePolicy of the name "release" with the spec, in which {{.Key.PEM}} and the like stand for what
// the world holds.
func (w *world) policy(spec string) *imagepolicy.Policy {
	w.t.Helper()
	policy, err := imagepolicy.Parse(w.t.Context(), []byte(w.document(spec)), nil)
	if err != nil {
		w.t.Fatalf("parse: %v", err)
	}
	return policy
}

func (w *world) document(spec string) string {
	w.t.Helper()
	var b bytes.Buffer
	b.WriteString("apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: release}\nspec:\n  images: [{glob: \"**\"}]\n")
	if err := template.Must(template.New("spec").Option("missingkey=error").Parse(spec)).Execute(&b, w); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// verify judges the artifact with the trusted root.
func (w *world) verify(policy *imagepolicy.Policy) (verify.Signature, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	session := w.visit(ctx)
	defer session.Close()
	return policy.Verify(ctx, session, w.digest, verify.ImagePolicyOptions{TrustedRoot: w.root})
}
