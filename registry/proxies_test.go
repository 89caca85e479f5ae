package registry_test

import (
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Each kind of proxy that proxySecretRef may name, which alone knows the way to the registry.
func TestTheRegistryIsReachedThroughEachKindOfProxy(t *testing.T) {
	const asksForLogin = "unauthorized: the proxy of its proxySecretRef asks for a login; username and password are missing or not good"
	kinds := map[string]func(*registrytest.Proxy, *fixture) (string, error){
		"http":   func(p *registrytest.Proxy, _ *fixture) (string, error) { return p.URL(), nil },
		"https":  func(p *registrytest.Proxy, f *fixture) (string, error) { return p.TLS(f.Registry) },
		"socks5": func(p *registrytest.Proxy, _ *fixture) (string, error) { return p.SOCKS() },
	}
	logins := map[string]struct {
		wanted, sent []string
		want         string
	}{
		"without a login":      {},
		"with the right login": {wanted: []string{"robot", "right"}, sent: []string{"username", "robot", "password", "right"}},
		"with a wrong login":   {wanted: []string{"robot", "right"}, sent: []string{"username", "robot", "password", "wrong"}, want: asksForLogin},
		"with no login":        {wanted: []string{"robot", "right"}, want: asksForLogin},
	}
	for kind, listen := range kinds {
		for name, c := range logins {
			t.Run(kind+" "+name, func(t *testing.T) {
				f, proxy := proxied(t, c.wanted...)
				want := f.MustPush(t, app, "v1")
				address, err := listen(proxy, f)
				if err != nil {
					t.Fatal(err)
				}
				f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(address, c.sent...)}, nil)
				q := tagged(t, app, "v1")
				q.Source.ProxySecretRef = "proxy"
				if c.want != "" {
					wantText(t, f.client(), q, c.want)
					f.wantCount(t, "", "ghcr.io", 0)
					return
				}
				if got := mustResolve(t, f.client(), q); got.Digest != want {
					t.Errorf("got %s, want %s", got.Digest, want)
				}
				if diff := cmp.Diff([]string{"ghcr.io:443"}, proxy.Asked()); diff != "" {
					t.Errorf("the proxy was asked for (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestASOCKSProxyThatLetsNothingThroughIsNamed(t *testing.T) {
	f, proxy := proxied(t)
	proxy.Route("ghcr.io:443", "")
	address, err := proxy.SOCKS()
	if err != nil {
		t.Fatal(err)
	}
	f.Options.Credentials = objects(secrets{"apps/proxy": proxySecret(address)}, nil)
	q := tagged(t, app, "v1")
	q.Source.ProxySecretRef = "proxy"
	wantText(t, f.client(), q, "unreachable: the proxy of its proxySecretRef does not let it through")
}

// As in Flux, the authority of certSecretRef counts for the proxy as well as for the registry.
func TestAProxyWithTLSIsTrustedByTheAuthorityOfTheObject(t *testing.T) {
	f, proxy := proxied(t)
	f.MustPush(t, app, "v1")
	f.Options.Roots = x509.NewCertPool() // trusts nobody
	address, err := proxy.TLS(f.Registry)
	if err != nil {
		t.Fatal(err)
	}
	f.Options.Credentials = objects(secrets{
		"apps/proxy": proxySecret(address), "apps/certs": {Data: map[string][]byte{"ca.crt": f.CA()}},
	}, nil)
	q := tagged(t, app, "v1")
	q.Source.ProxySecretRef = "proxy"
	_, err = resolve(t, f.client(), q)
	wantClass(t, err, registry.ClassUnreachable)
	if asked := proxy.Asked(); asked != nil {
		t.Errorf("a proxy that nobody trusts was asked for %v", asked)
	}
	q.Source.CertSecretRef = "certs"
	mustResolve(t, f.client(), q)
}
