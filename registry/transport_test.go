package registry_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

func TestCertificatesOfAnObject(t *testing.T) {
	f := newFixture(t, "ghcr.io", "mutual.example.com")
	f.Options.Roots = x509.NewCertPool() // trusts nobody
	dial := f.Options.Dial
	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":80") { // where insecure leads next
			return nil, errors.New("connection refused")
		}
		return dial(ctx, network, address)
	}
	f.RequireCertificate("mutual.example.com")
	f.MustPush(t, app, "v1")
	f.MustPush(t, "mutual.example.com/acme/app", "v1")
	certificate, key := f.MustIssue(t, "apps")
	other := registrytest.Start(t)
	wrong, wrongKey := other.MustIssue(t, "apps")
	certs := func(data ...[]byte) *registry.Secret {
		secret := &registry.Secret{Type: "Opaque", Data: map[string][]byte{"ca.crt": data[0]}}
		if len(data) > 1 {
			secret.Data["tls.crt"], secret.Data["tls.key"] = data[1], data[2]
		}
		return secret
	}
	former := &registry.Secret{Data: map[string][]byte{"caFile": f.CA(), "certFile": certificate, "keyFile": key}}
	cases := map[string]struct {
		repository string
		secret     *registry.Secret
		insecure   bool
		want       string // what users read; empty: an answer
	}{
		"no certSecretRef":                        {repository: app, want: "unreachable: its certificate is not trusted"},
		"the right authority":                     {repository: app, secret: certs(f.CA())},
		"another authority":                       {repository: app, secret: certs(other.CA()), want: "unreachable: its certificate is not trusted"},
		"another authority, insecure":             {repository: app, secret: certs(other.CA()), insecure: true, want: "unreachable: its certificate is not trusted"},
		"a client certificate nobody asks for":    {repository: app, secret: certs(f.CA(), certificate, key)},
		"the right client certificate":            {repository: "mutual.example.com/acme/app", secret: certs(f.CA(), certificate, key)},
		"the right one under the former keys":     {repository: "mutual.example.com/acme/app", secret: former},
		"no client certificate":                   {repository: "mutual.example.com/acme/app", secret: certs(f.CA()), want: handshakeRefused},
		"a client certificate of somebody else's": {repository: "mutual.example.com/acme/app", secret: certs(f.CA(), wrong, wrongKey), want: handshakeRefused},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f.Options.Credentials = objects(secrets{"apps/certs": c.secret}, nil)
			q := tagged(t, c.repository, "v1")
			if q.Source.Insecure = c.insecure; c.secret != nil {
				q.Source.CertSecretRef = "certs"
			}
			wantText(t, f.client(), q, c.want)
		})
	}
}

// handshakeRefused is what users read, whether the registry's reason arrives before its end of the connection or not.
const handshakeRefused = "unreachable: it refuses the handshake; it may ask for a client certificate"

// wantText compares the beginning of what users read after the reference; empty means that there is an answer.
func wantText(t *testing.T, r registry.Resolver, q registry.Query, want string) {
	t.Helper()
	got := ""
	if _, err := resolve(t, r, q); err != nil {
		_, got, _ = strings.Cut(err.Error(), ":v1: ")
		t.Log(errors.Unwrap(err))
	}
	if !strings.HasPrefix(got, want) || want == "" && got != "" {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Trust is a matter of the connection, which outlives the query: another's must not be used.
func TestACertificateThatOneTrustsIsNotTrustedByAnother(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.Roots = x509.NewCertPool()
	f.MustPush(t, app, "v1")
	reader := secrets{"apps/certs": {Data: map[string][]byte{"ca.crt": f.CA()}}}
	f.Options.Credentials = objects(reader, nil)
	client := f.client()
	trusting := tagged(t, app, "v1")
	trusting.Source.CertSecretRef = "certs"
	mustResolve(t, client, trusting)
	_, err := resolve(t, client, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassUnreachable)

	// The Secret changes between two reviews: neither the answer nor the connection of the first is used.
	reader["apps/certs"] = &registry.Secret{Data: map[string][]byte{"ca.crt": registrytest.Start(t).CA()}}
	_, err = resolve(t, client, trusting)
	wantClass(t, err, registry.ClassUnreachable)
	delete(reader, "apps/certs")
	_, err = resolve(t, client, trusting)
	wantClass(t, err, registry.ClassCredentials)
}

// proxied is a fixture whose network has only the proxy.
func proxied(t *testing.T, login ...string) (*fixture, *registrytest.Proxy) {
	f := newFixture(t, "ghcr.io")
	proxy := registrytest.StartProxy(t, f.Registry)
	if len(login) > 0 {
		proxy.Require(login[0], login[1])
	}
	f.Options.Dial = nil
	f.names = nil // the proxy resolves
	return f, proxy
}

func proxySecret(address string, more ...string) *registry.Secret {
	data := map[string]string{"address": address}
	for i := 0; i+1 < len(more); i += 2 {
		data[more[i]] = more[i+1]
	}
	return opaque(data)
}

func TestTheProxyOfAnObject(t *testing.T) {
	cases := map[string]struct {
		more []string
		want string
	}{
		"the right login": {more: []string{"username", "robot", "password", "right"}},
		"a wrong password": {
			more: []string{"username", "robot", "password", "wrong"},
			want: "unauthorized: the proxy of its proxySecretRef asks for a login; username and password are missing or not good",
		},
		"no login": {
			want: "unauthorized: the proxy of its proxySecretRef asks for a login; username and password are missing or not good",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, proxy := proxied(t, "robot", "right")
			f.MustPush(t, app, "v1")
			f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(proxy.URL(), c.more...)}, nil)
			q := tagged(t, app, "v1")
			q.Source.ProxySecretRef = "proxy"
			wantText(t, f.client(), q, c.want)
			var want []string
			if c.want == "" {
				want = []string{"ghcr.io:443"}
			}
			if diff := cmp.Diff(want, proxy.Asked()); diff != "" {
				t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAProxyThatLetsNothingThroughIsNamed(t *testing.T) {
	f, proxy := proxied(t)
	proxy.Route("ghcr.io:443", "")
	f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(proxy.URL())}, nil)
	q := tagged(t, app, "v1")
	q.Source.ProxySecretRef = "proxy"
	wantText(t, f.client(), q, "unreachable: the proxy of its proxySecretRef does not let it through")
}

// The allow-lists speak of repositories. A tenant that may name one must not make Fluxgate knock at any port by calling it
// a proxy.
func TestAProxyAtAPrivateAddressNeedsAnAdministratorsLeave(t *testing.T) {
	addresses := map[string]string{
		"loopback": "http://127.0.0.1:6443", "link-local": "http://169.254.169.254", "private": "http://10.0.0.5:6379",
		"a name of a private one": "http://proxy.example.com:3128", "socks": "socks5://10.0.0.5:1080", "tls": "https://10.0.0.5",
	}
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.resolves("proxy.example.com", "10.0.0.5")
			f.Options.AllowEgress = []netip.Prefix{netip.MustParsePrefix("192.168.7.7/32")}
			f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(addresses[name])}, nil)
			q := tagged(t, app, "v1")
			q.AllowPrivate, q.Source.ProxySecretRef = true, "proxy"
			wantText(t, f.client(), q, "address-refused: the proxy of its proxySecretRef is at a private or reserved address")
			if len(f.dialled) > 0 {
				t.Errorf("dialled %v", f.dialled)
			}
		})
	}
}

func TestTheProxyOfAnObjectReplacesTheAdministrators(t *testing.T) {
	f, own := proxied(t)
	administrators := registrytest.StartProxy(t, f.Registry)
	f.Options.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(administrators.URL()) }
	f.MustPush(t, app, "v1")
	f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(own.URL())}, nil)
	client := f.client()
	q := tagged(t, app, "v1")
	mustResolve(t, client, q)
	q.Source.ProxySecretRef = "proxy"
	mustResolve(t, client, q) // not from the cache, and not through the connection of the first
	got := [][]string{administrators.Asked(), own.Asked()}
	if diff := cmp.Diff([][]string{{"ghcr.io:443"}, {"ghcr.io:443"}}, got); diff != "" {
		t.Errorf("the administrator's and the object's proxy were asked for (-want +got):\n%s", diff)
	}
}

// With a proxy and an authority of its own, a tenant can answer as any registry. It must deceive nobody but itself.
func TestWhatATenantsProxyAnswersIsNobodyElses(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	impostor := registrytest.Start(t, "ghcr.io")
	forged := impostor.MustPush(t, app, "v1")
	proxy := registrytest.StartProxy(t, impostor)
	f.Options.Credentials = objects(secrets{
		"evil/proxy": proxySecret(proxy.URL()), "evil/certs": {Data: map[string][]byte{"ca.crt": impostor.CA()}},
	}, nil)
	toRegistry := f.Options.Dial
	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if "http://"+address == proxy.URL() {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		return toRegistry(ctx, network, address)
	}
	client := f.client()
	evil := tagged(t, app, "v1")
	evil.Source.Namespace, evil.Source.ProxySecretRef, evil.Source.CertSecretRef = "evil", "proxy", "certs"
	for range 2 {
		if got := mustResolve(t, client, evil); got.Digest != forged {
			t.Errorf("the tenant got %s, want what its proxy says, %s", got.Digest, forged)
		}
		if got := mustResolve(t, client, tagged(t, app, "v1")); got.Digest != want {
			t.Errorf("another tenant got %s, want %s", got.Digest, want)
		}
	}
	// The other direction: a Secret of another namespace is not sent through the proxy.
	for _, req := range impostor.Requests() {
		if req.Authorization != "" {
			t.Errorf("%s was sent through the tenant's proxy", req.Authorization)
		}
	}
}

func TestServiceAccounts(t *testing.T) {
	login := registrytest.Login{User: "robot", Password: "right"}
	right, wrong := pullSecret("ghcr.io", "right"), pullSecret("ghcr.io", "wrong")
	cases := map[string]struct {
		reader    secrets
		pull      []string
		secretRef string
		want      registry.Class
	}{
		"the right Secret":                     {secrets{"apps/a": right}, []string{"a"}, "", ""},
		"a wrong Secret":                       {secrets{"apps/a": wrong}, []string{"a"}, "", registry.ClassUnauthorized},
		"no Secret: anonymous":                 {secrets{}, nil, "", registry.ClassUnauthorized},
		"the second one has the host":          {secrets{"apps/a": pullSecret("quay.io", "wrong"), "apps/b": right}, []string{"a", "b"}, "", ""},
		"the first of two for the host counts": {secrets{"apps/a": wrong, "apps/b": right}, []string{"a", "b"}, "", registry.ClassUnauthorized},
		"secretRef comes first":                {secrets{"apps/a": wrong, "apps/ref": right}, []string{"a"}, "ref", ""},
		"but the longer match beats it":        {secrets{"apps/a": pullSecret("ghcr.io/acme", "right"), "apps/ref": wrong}, []string{"a"}, "ref", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.MustPush(t, app, "v1")
			f.Require("ghcr.io", login)
			f.Options.Credentials = objects(c.reader, accounts{"apps/puller": {PullSecrets: c.pull}})
			q := withSecret(t, "apps", c.secretRef)
			q.Source.ServiceAccountName = "puller"
			_, err := resolve(t, f.client(), q)
			if c.want != "" {
				wantClass(t, err, c.want)
			} else if err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAServiceAccountThatChangesIsAnotherLogin(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	account := &registry.ServiceAccount{PullSecrets: []string{"a"}}
	known := accounts{"apps/puller": account}
	f.Options.Credentials = objects(secrets{"apps/a": pullSecret("ghcr.io", "right")}, known)
	client := f.client()
	q := tagged(t, app, "v1")
	q.Source.ServiceAccountName = "puller"
	mustResolve(t, client, q)
	account.PullSecrets = nil
	_, err := resolve(t, client, q)
	wantClass(t, err, registry.ClassUnauthorized)
	delete(known, "apps/puller")
	_, err = resolve(t, client, q)
	wantClass(t, err, registry.ClassCredentials)
}

// A tenant's authority is trusted for the registry. Behind the administrator's proxy it must not make good who poses as that.
func TestTheAuthorityOfAnObjectDoesNotConcernTheAdministratorsProxy(t *testing.T) {
	impostor := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		t.Errorf("a proxy that only the object trusts was asked for %s", req.Host)
	}))
	defer impostor.Close()
	impostor.Config.ErrorLog = log.New(io.Discard, "", 0)
	f := newFixture(t, "ghcr.io")
	f.Options.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(impostor.URL) }
	f.Options.Dial = nil
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: impostor.Certificate().Raw})
	f.Options.Credentials = objects(secrets{"apps/certs": {Data: map[string][]byte{"ca.crt": ca}}}, nil)
	q := tagged(t, app, "v1")
	q.Source.CertSecretRef = "certs"
	wantText(t, f.client(), q, "unreachable: its certificate is not trusted")
}

// A registry with client certificates that is slow is slow, not choosy.
func TestARegistryThatAsksForACertificateMayBeSlow(t *testing.T) {
	f := newFixture(t, "mutual.example.com")
	f.RequireCertificate("mutual.example.com")
	certificate, key := f.MustIssue(t, "apps")
	f.Options.Credentials = objects(secrets{"apps/certs": {Data: map[string][]byte{"tls.crt": certificate, "tls.key": key}}}, nil)
	f.Options.RequestTimeout = 2 * time.Second // enough for the handshake, on a busy machine
	f.Break("mutual.example.com", f.Slow())
	q := tagged(t, "mutual.example.com/acme/app", "v1")
	q.Source.CertSecretRef = "certs"
	_, err := resolve(t, f.client(), q)
	if failure := failureOf(t, err, registry.ClassTimeout); failure.Cause != "" {
		t.Errorf("got the cause %q, want none", failure.Cause)
	}
}
