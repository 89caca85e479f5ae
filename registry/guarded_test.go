package registry_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"github.com/fluxgate/fluxgate/registry"
)

// TestServersThatCertificatesNameAreAtPublicAddresses: whoever has a certificate issued names them.
func TestServersThatCertificatesNameAreAtPublicAddresses(t *testing.T) {
	const public, reached = "140.82.121.33", "the edge of the test's network"
	for url, want := range map[string]string{
		"http://crl.example.com/ca.crl":           public + ":80",
		"https://crl.example.com/ca.crl":          public + ":443",
		"http://169.254.169.254/latest/meta-data": "",
		"http://10.0.0.1/ca.crl":                  "",
		"http://127.0.0.1/ca.crl":                 "",
		"http://inside.example.com/ca.crl":        "",
		"http://metadata.google.internal/ca.crl":  "",
		"http://[::ffff:169.254.169.254]/ca.crl":  "",
	} {
		f := newFixture(t, "ghcr.io")
		f.Options.AllowEgress = nil
		f.Options.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
			if host == "crl.example.com" {
				return []netip.Addr{netip.MustParseAddr(public)}, nil
			}
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		}
		var dialled string
		f.Options.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New(reached)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := registry.PublicTransport(f.Options).RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("%s answered", url)
		}
		if dialled != want {
			t.Errorf("%s: dialled %q, want %q (%v)", url, dialled, want, err)
		}
	}
}
