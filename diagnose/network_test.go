package diagnose_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// networkFailures are wrong on the way to an answer.
func networkFailures() map[string]failure {
	at := func(place string, fault registrytest.Fault) func(*fixture) {
		return func(f *fixture) {
			f.MustPush(f.t, app, "v1")
			f.Break(place, fault)
			f.repository(appURL, tagged)
		}
	}
	return map[string]failure{
		"unknown CA": {diagnose.Reach, func(f *fixture) {
			f.Options.Roots = x509.NewCertPool()
			f.repository(appURL, tagged)
		}},
		"unknown CA, beside another one": {diagnose.Reach, func(f *fixture) {
			f.Options.Roots = x509.NewCertPool()
			f.secret("certs", "Opaque", map[string]string{"ca.crt": string(registrytest.Start(f.t).CA())})
			f.repository(appURL, tagged, certs)
		}},
		"unknown CA, and the certificates are not in the files": {diagnose.Reach, func(f *fixture) {
			f.given = true
			f.Options.Roots = x509.NewCertPool()
			f.repository(appURL, tagged, certs)
		}},
		"client certificate demanded": {diagnose.Reach, func(f *fixture) {
			f.demandCertificate()
			f.repository("url: oci://example.com/acme/app", tagged)
		}},
		"proxy refuses": {diagnose.Reach, func(f *fixture) {
			proxy := registrytest.StartProxy(f.t) // it leads nowhere
			f.throughProxy(proxy, nil)
		}},
		"proxy asks for a login": {diagnose.Reach, func(f *fixture) {
			proxy := registrytest.StartProxy(f.t, f.Registry)
			proxy.Require("robot", "right")
			f.throughProxy(proxy, map[string]string{"username": "robot", "password": "hunter2"})
		}},
		"proxy at a private address": {diagnose.Reach, func(f *fixture) {
			f.secret("proxy", "Opaque", map[string]string{"address": "http://10.0.0.5:3128"})
			f.repository(appURL, tagged, proxied)
		}},
		"DNS failure":              {diagnose.Reach, func(f *fixture) { f.repository("url: oci://gone.example/acme/app", tagged) }},
		"connection dropped":       {diagnose.Reach, at("ghcr.io", registrytest.Down())},
		"server error":             {diagnose.Reach, at("ghcr.io", registrytest.Status(503, "UNAVAILABLE"))},
		"a ping that is not found": {diagnose.Reach, at("ghcr.io", registrytest.Status(404, ""))},
		"address refused by the guard": {diagnose.Reach, func(f *fixture) {
			f.names["ghcr.io"] = "169.254.169.254"
			f.repository(appURL, tagged)
		}},
		"token realm refused": {diagnose.Auth, func(f *fixture) {
			f.Require("ghcr.io", registrytest.Login{Realm: "https://169.254.169.254/token"})
			f.repository(appURL, tagged)
		}},
		"redirect refused":         {diagnose.Ref, at(app, registrytest.RedirectTo("https://169.254.169.254/"))},
		"redirects without end":    {diagnose.Ref, at(app, registrytest.RedirectLoop())},
		"rate limited":             {diagnose.Ref, at(app, registrytest.RateLimited(30))},
		"rate limited at the ping": {diagnose.Reach, at("ghcr.io", registrytest.RateLimited(30))},
		"time-out": {diagnose.Reach, func(f *fixture) {
			f.Options.RequestTimeout = 200 * time.Millisecond
			at("ghcr.io", f.Slow())(f)
		}},
		"endless answer": {diagnose.Ref, func(f *fixture) {
			f.Options.RequestTimeout = 2 * time.Second // enough for what comes before, on a busy machine
			at(app, f.Drip())(f)
		}},
		"an answer of 100 MB": {diagnose.Ref, at(app, registrytest.Huge(100<<20))},
	}
}

// throughProxy names the proxy in the object, beside a login.
func (f *fixture) throughProxy(proxy *registrytest.Proxy, login map[string]string) {
	f.t.Helper()
	f.Options.Dial = nil
	entries := map[string]string{"address": proxy.URL()}
	maps.Copy(entries, login)
	f.secret("proxy", "Opaque", entries)
	f.repository(appURL, tagged, proxied)
}

// demandCertificate puts a registry in the place of the others that asks for a client certificate during the handshake of TLS
// 1.2, which alone tells for sure that it does.
func (f *fixture) demandCertificate() {
	f.t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	f.t.Cleanup(server.Close)
	f.Options.Roots = x509.NewCertPool()
	f.Options.Roots.AddCert(server.Certificate())
	f.names["example.com"] = loopback
	f.Options.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
}
