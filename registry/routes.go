package registry

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// route says what a query permits of a connection. Queries on different routes share no connection, so that one opened
// to a private address, or without looking at the certificate, never serves a query that may not.
type route struct{ private, skipVerify bool }

// newRoutes builds the transports of all routes.
func newRoutes(o Options) map[route]http.RoundTripper {
	routes := map[route]http.RoundTripper{}
	for _, r := range []route{{}, {private: true}, {skipVerify: true}, {private: true, skipVerify: true}} {
		routes[r] = newFork(o, r)
	}
	return routes
}

// fork sends a request directly, through the guarded dialer, or to a proxy, which may be anywhere.
type fork struct {
	guard           guard
	proxy           func(*http.Request) (*url.URL, error)
	direct, proxied http.RoundTripper
}

func newFork(o Options, r route) *fork {
	g := guard{allow: o.AllowEgress, private: r.private}
	direct := newTransport(o, r)
	direct.DialContext = newDialer(o, g).DialContext
	proxied := newTransport(o, r)
	proxied.DialContext = o.Dial
	if o.Dial == nil {
		proxied.DialContext = (&net.Dialer{Timeout: o.RequestTimeout}).DialContext
	}
	// With a proxy, this is the connection to the proxy only: an object's insecure does not concern the administrator's.
	proxied.DialTLSContext = (&tls.Dialer{Config: newTransport(o, route{}).TLSClientConfig}).DialContext
	proxied.Proxy = func(req *http.Request) (*url.URL, error) {
		proxy, err := o.Proxy(req)
		if err == nil && proxy == nil { // it said otherwise a moment ago, and this transport's dialer is not guarded
			err = errors.New("the proxy function contradicts itself")
		}
		return proxy, err
	}
	return &fork{guard: g, proxy: o.Proxy, direct: direct, proxied: proxied}
}

// RoundTrip judges a host that is written as an address before anybody is asked for it.
func (f *fork) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := f.guard.checkHost(req.URL.Hostname()); err != nil {
		return nil, err
	}
	proxy, err := f.proxy(req)
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		return f.proxied.RoundTrip(req)
	}
	return f.direct.RoundTrip(req)
}

// newTransport is remote.DefaultTransport of go-containerregistry, which Flux clones (source-controller,
// OCIRepositoryReconciler.transport), with our limits. As there, insecure skips the verification of the certificate.
func newTransport(o Options, r route) *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs:            o.Roots,
			MinVersion:         tls.VersionTLS12,
			InsecureSkipVerify: r.skipVerify, //nolint:gosec // the object says insecure: true; the rule forbid-insecure is for that
		},
		TLSHandshakeTimeout:    o.RequestTimeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the limits count what was sent
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
}
