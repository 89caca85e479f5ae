package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	publicAddress, privateAddress = "140.82.121.33", "10.0.0.5"
	otherPrivate                  = "10.0.0.6"

	other = "other.example"
)

// networked gives the hosts addresses of a network in which all of them lead to the registries of the fixture. It returns
// the addresses that were dialled.
func networked(t *testing.T, f *fixture, names map[string]string) *[]string {
	t.Helper()
	var dialled []string
	for host, address := range names {
		f.resolves(host, address)
	}
	f.Options.AllowEgress = nil
	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		host, _, err := net.SplitHostPort(address)
		if err != nil || !slices.Contains([]string{publicAddress, privateAddress, otherPrivate}, host) {
			t.Errorf("the network was reached at %s", address)
			return nil, errors.New("the test's network ends here")
		}
		dialled = append(dialled, host)
		return f.Dial(ctx, network, address)
	}
	return &dialled
}

// moved redirects the manifests of ghcr.io to another host, which has them.
func moved(to string) func(*fixture) {
	return func(f *fixture) {
		f.Break(app, func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, "https://"+to+req.URL.Path, http.StatusTemporaryRedirect)
			})
		})
	}
}

// tokens makes ghcr.io ask for a token of the other host.
func tokens(f *fixture) {
	f.Require("ghcr.io", registrytest.Login{Realm: "https://" + other + "/token"})
}

// All of these have an allow-list, so that the repository itself may be at a private address.
func TestOnlyARegistryInsideTheNetworkLeadsIntoIt(t *testing.T) {
	cases := map[string]struct {
		registry, other string
		prepare         func(*fixture)
		dialled         []string
		refused         bool
	}{
		"a redirect from outside to outside": {
			publicAddress, publicAddress, moved(other), []string{publicAddress, publicAddress}, false,
		},
		"a redirect from outside to inside": {publicAddress, privateAddress, moved(other), []string{publicAddress}, true},
		"a redirect from outside to an address inside": {
			publicAddress, publicAddress, moved(privateAddress), []string{publicAddress}, true,
		},
		"a redirect from outside to its own name and another port, inside": {
			publicAddress, publicAddress, func(f *fixture) {
				moved("ghcr.io:6443")(f)
				next := f.Options.Lookup
				f.Options.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) { // the second time it is elsewhere
					defer f.resolves("ghcr.io", privateAddress)
					return next(ctx, host)
				}
			}, []string{publicAddress}, true,
		},
		"a redirect from inside to inside": {
			privateAddress, otherPrivate, moved(other), []string{privateAddress, otherPrivate}, false,
		},
		"a redirect from inside to outside": {
			privateAddress, publicAddress, moved(other), []string{privateAddress, publicAddress}, false,
		},
		"a redirect from inside to metadata": {privateAddress, "169.254.169.254", moved(other), []string{privateAddress}, true},
		"a token server of outside, outside": {publicAddress, publicAddress, tokens, []string{publicAddress, publicAddress}, false},
		"a token server of outside, inside":  {publicAddress, privateAddress, tokens, []string{publicAddress}, true},
		"a token server of inside, inside":   {privateAddress, otherPrivate, tokens, []string{privateAddress, otherPrivate}, false},
		"a token server that redirects inside": {publicAddress, publicAddress, func(f *fixture) {
			tokens(f)
			f.Break(other, registrytest.RedirectTo("https://"+privateAddress+"/token"))
		}, []string{publicAddress, publicAddress}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", other)
			f.MustPush(t, app, "v1")
			f.MustPush(t, other+"/acme/app", "v1")
			dialled := networked(t, f, map[string]string{"ghcr.io": c.registry, other: c.other})
			c.prepare(f)
			client := f.client()
			q := tagged(t, app, "v1")
			q.AllowPrivate, q.Fresh = true, true
			for _, round := range []string{"at first", "over the connections that are open"} {
				_, err := resolve(t, client, q)
				if c.refused {
					wantClass(t, err, registry.ClassRefused)
				} else if err != nil {
					t.Fatalf("%s: %v (%v)", round, err, errors.Unwrap(err))
				}
			}
			if diff := cmp.Diff(c.dialled, *dialled); diff != "" {
				t.Errorf("dialled (-want +got):\n%s", diff)
			}
		})
	}
}

// A connection into the network that one registry opened, as it may, is none for another.
func TestAConnectionIntoTheNetworkIsNotShared(t *testing.T) {
	f := newFixture(t, "ghcr.io", "quay.io", other)
	for _, repository := range []string{app, "quay.io/acme/app", other + "/acme/app"} {
		f.MustPush(t, repository, "v1")
	}
	networked(t, f, map[string]string{"ghcr.io": privateAddress, "quay.io": publicAddress, other: otherPrivate})
	moved(other)(f)
	f.Break("quay.io/acme/app", registrytest.RedirectTo("https://other.example/v2/acme/app/manifests/v1"))
	client := f.client()
	inside, outside := tagged(t, app, "v1"), tagged(t, "quay.io/acme/app", "v1")
	inside.AllowPrivate, outside.AllowPrivate = true, true
	mustResolve(t, client, inside)
	_, err := resolve(t, client, outside)
	wantClass(t, err, registry.ClassRefused)
}

// With certificates of its own, a query has connections of its own, too.
func TestOnlyARegistryInsideTheNetworkLeadsIntoItWithCertSecretRef(t *testing.T) {
	for address, class := range map[string]registry.Class{publicAddress: registry.ClassRefused, privateAddress: ""} {
		f := newFixture(t, "ghcr.io", other)
		f.MustPush(t, other+"/acme/app", "v1")
		networked(t, f, map[string]string{"ghcr.io": address, other: otherPrivate})
		moved(other)(f)
		f.Options.Credentials = objects(secrets{"apps/certs": {Data: map[string][]byte{"ca.crt": f.CA()}}}, nil)
		q := tagged(t, app, "v1")
		q.AllowPrivate, q.Source.CertSecretRef = true, "certs"
		if _, err := resolve(t, f.client(), q); class != "" {
			wantClass(t, err, class)
		} else if err != nil {
			t.Errorf("a registry at %s: %v (%v)", address, err, errors.Unwrap(err))
		}
	}
}

// Behind a proxy only hosts that are written as addresses can be judged.
func TestBehindAProxyARegistryLeadsToNoAddressInside(t *testing.T) {
	f := newFixture(t, "ghcr.io", privateAddress)
	for _, repository := range []string{app, privateAddress + "/acme/app"} {
		f.Break(repository, registrytest.RedirectTo("https://"+otherPrivate+"/"))
	}
	proxy := registrytest.StartProxy(t, f.Registry)
	f.Options.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL()) }
	f.Options.AllowEgress, f.Options.Dial = nil, nil
	client := f.client()
	for _, repository := range []string{app, privateAddress + "/acme/app"} {
		q := tagged(t, repository, "v1")
		q.AllowPrivate = true
		_, err := resolve(t, client, q)
		wantClass(t, err, registry.ClassRefused)
	}
	if diff := cmp.Diff([]string{"ghcr.io:443", privateAddress + ":443"}, proxy.Asked()); diff != "" {
		t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
	}
}
