package registry_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	gcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Whatever is dialled but loopback fails these tests: the fixture's network says so.

func TestTenantsCannotReachReservedAddresses(t *testing.T) {
	cases := map[string]struct {
		repository string
		prepare    func(*fixture)
	}{
		"the registry is written as the address":   {"169.254.169.254/acme/app", func(*fixture) {}},
		"the registry is written as a private one": {"10.0.0.5:5000/acme/app", func(*fixture) {}},
		"the registry's name resolves there":       {app, func(f *fixture) { f.resolves("ghcr.io", "169.254.169.254") }},
		"it resolves to an address in disguise":    {app, func(f *fixture) { f.resolves("ghcr.io", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe") }},
		"it resolves to a private address":         {app, func(f *fixture) { f.resolves("ghcr.io", "10.0.0.5", "fd12::1") }},
		"the manifest is redirected there":         {app, func(f *fixture) { f.Break(app, registrytest.RedirectTo("https://169.254.169.254/")) }},
		"the ping is redirected there":             {app, func(f *fixture) { f.Break("ghcr.io", registrytest.RedirectTo("https://169.254.169.254/")) }},
		"a redirect's name resolves there": {app, func(f *fixture) {
			f.resolves("cdn.example", "169.254.169.254")
			f.Break(app, registrytest.RedirectTo("https://cdn.example/"))
		}},
		"a redirect is in another notation": {app, func(f *fixture) { f.Break(app, registrytest.RedirectTo("https://2852039166/")) }},
		"the token realm is there": {app, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "https://169.254.169.254/token"})
		}},
		"the token realm is at a private address": {app, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "https://10.0.0.5/token"})
		}},
		"the token realm asks for plain http": {app, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "http://auth.example.com/token"})
		}},
		"the token realm's name resolves there": {app, func(f *fixture) {
			f.resolves("auth.example", "fd00:ec2::254")
			f.Require("ghcr.io", registrytest.Login{Realm: "https://auth.example/token"})
		}},
		"the token server redirects there": {app, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "https://auth.example.com/token"})
			f.Break("auth.example.com", registrytest.RedirectTo("https://169.254.169.254/"))
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			f.MustPush(t, app, "v1")
			c.prepare(f)
			_, err := resolve(t, f.client(), tagged(t, c.repository, "v1"))
			failure := failureOf(t, err, registry.ClassRefused)
			for _, told := range []string{"169.254", "10.0.0.5", "fd00", "link-local"} {
				if said := strings.TrimPrefix(failure.Error(), c.repository); strings.Contains(said, told) {
					t.Errorf("users are told %q in %q", told, said)
				}
			}
		})
	}
}

// The list of tags may say where its next page is.
func TestTheNextPageOfTagsIsAtItsRegistryOnly(t *testing.T) {
	for name, url := range map[string]string{
		"at a reserved address":       "https://169.254.169.254/v2/acme/app/tags/list",
		"at one, without a scheme":    "//169.254.169.254/v2/acme/app/tags/list",
		"at another name, over http":  "http://auth.example.com/v2/acme/app/tags/list",
		"at another name, over https": "https://auth.example.com/v2/acme/app/tags/list",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			f.Break(app, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Link", "<"+url+`>; rel="next"`)
					_, _ = io.WriteString(w, `{"tags":["1.0.0"]}`) // the client tells
				})
			})
			_, err := resolve(t, f.client(), registry.Query{Source: source(t, app, flux.Ref{Semver: "1.x"})})
			wantClass(t, err, registry.ClassMalformed)
			f.wantCount(t, "", "auth.example.com", 0)
		})
	}
}

func TestANameIsNotLookedUpAgainBetweenJudgingAndDialling(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	mustResolve(t, f.client(), tagged(t, app, "v1"))
	if f.lookups["ghcr.io"] != 1 || len(f.dialled) != 1 || f.dialled[0] != loopback+":443" {
		t.Errorf("got %d look-ups and dialled %v, want one look-up and its address dialled", f.lookups["ghcr.io"], f.dialled)
	}
}

func TestANameThatMovesToAReservedAddressIsRefused(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break("ghcr.io", func(next http.Handler) http.Handler {
		f.resolves("ghcr.io", "169.254.169.254") // before the next connection
		return registrytest.Down()(next)
	})
	_, err := resolve(t, f.client(), tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassRefused)
}

func TestThePermittedAddressOfSeveralIsDialled(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.resolves("ghcr.io", "169.254.169.254", "10.0.0.5", loopback)
	mustResolve(t, f.client(), tagged(t, app, "v1"))
}

func TestPrivateAddressesNeedAnAllowList(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.resolves("ghcr.io", "10.0.0.5")
	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "10.0.0.5:443" {
			t.Errorf("dialled %s", address)
		}
		return f.Dial(ctx, network, address)
	}
	client := f.client()
	named := tagged(t, app, "v1")
	named.AllowPrivate = true
	mustResolve(t, client, named)

	// The connection is still open, and the answer is in the cache: neither serves a query that may not go there.
	_, err := resolve(t, client, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassRefused)
	mustResolve(t, client, named)
}

func TestThroughAProxy(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	proxy := registrytest.StartProxy(t, f.Registry)
	f.Options.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL()) }
	f.Options.AllowEgress, f.Options.Dial = nil, nil
	f.Options.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		t.Errorf("%s was looked up here, which is the proxy's affair", host)
		return nil, errors.New("no look-ups here")
	}
	client := f.client()

	if got := mustResolve(t, client, tagged(t, app, "v1")); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	if got := proxy.Asked(); !slices.Equal(got, []string{"ghcr.io:443"}) {
		t.Errorf("the proxy was asked for %v", got)
	}
	for name, c := range map[string]struct {
		repository, redirect string
		class                registry.Class
	}{
		"a reserved address":             {repository: "169.254.169.254/acme/app", class: registry.ClassRefused},
		"a private address":              {repository: "10.0.0.5/acme/app", class: registry.ClassRefused},
		"a redirect to a reserved one":   {repository: app, redirect: "https://[::ffff:169.254.169.254]/", class: registry.ClassRefused},
		"a redirect to an odd notation":  {repository: app, redirect: "https://0x7f000001/", class: registry.ClassRefused},
		"a redirect to the proxy's host": {repository: app, redirect: "https://localhost/", class: registry.ClassRefused},
		"a name that the proxy refuses":  {repository: app, redirect: "https://gone.example/", class: registry.ClassUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			f.Break(app, nil)
			if c.redirect != "" {
				f.Break(app, registrytest.RedirectTo(c.redirect))
			}
			q := tagged(t, c.repository, "v1")
			q.Fresh = true
			_, err := resolve(t, client, q)
			wantClass(t, err, c.class)
		})
	}
	for _, asked := range proxy.Asked() {
		if asked != "ghcr.io:443" && asked != "gone.example:443" {
			t.Errorf("the proxy was asked for %s", asked)
		}
	}
}

func TestInsecureDoesNotConcernTheProxy(t *testing.T) {
	impostor := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		t.Errorf("a proxy with an untrusted certificate was asked for %s", req.Host)
	}))
	defer impostor.Close()
	impostor.Config.ErrorLog = log.New(io.Discard, "", 0)
	f := newFixture(t, "ghcr.io")
	f.Options.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(impostor.URL) }
	f.Options.Dial = nil
	q := tagged(t, app, "v1")
	q.Source.Insecure = true
	_, err := resolve(t, f.client(), q)
	wantClass(t, err, registry.ClassUnreachable)
}

func TestInsecureIsWhatTheObjectAsksFor(t *testing.T) {
	plain := httptest.NewServer(gcr.New(gcr.Logger(log.New(io.Discard, "", 0))))
	defer plain.Close()
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Options.Roots = registrytest.Start(t).Roots() // nobody that signed anything here
	secure := tagged(t, app, "v1")
	insecure := tagged(t, app, "v1")
	insecure.Source.Insecure = true

	client := f.client()
	_, err := resolve(t, client, secure)
	wantClass(t, err, registry.ClassUnreachable)
	mustResolve(t, client, insecure)
	_, err = resolve(t, client, secure) // neither from the cache nor over the connection of the insecure one
	wantClass(t, err, registry.ClassUnreachable)

	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":443") {
			return nil, errors.New("connection refused")
		}
		var d net.Dialer
		return d.DialContext(ctx, network, plain.Listener.Addr().String())
	}
	client = f.client()
	_, err = resolve(t, client, insecure)
	wantClass(t, err, registry.ClassNotFound) // the registry on port 80 answered
	_, err = resolve(t, client, secure)
	wantClass(t, err, registry.ClassUnreachable)
}

func TestWithoutSeamsLoopbackIsNotDialled(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.Dial, f.Options.AllowEgress = nil, nil
	_, err := resolve(t, f.client(), tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassRefused)
	f.wantCount(t, "", "ghcr.io", 0)
}
