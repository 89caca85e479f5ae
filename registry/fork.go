package registry

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// fork sends a request directly, through the guarded dialer, or to a proxy. The administrator's proxy may be anywhere. One
// that an object names is dialled through the guard, and not at private addresses, whatever the allow-lists: those speak
// of the repository, while the proxy is anything that listens on a port.
type fork struct {
	guard guard
	// proxy chooses the proxy of a request; nil where it goes directly.
	proxy           func(*http.Request) (*url.URL, error)
	direct, proxied *http.Transport
	// own says that the proxy is an object's.
	own bool
}

// newFork builds the connections of a route. A nil own means the administrator's proxy, if any.
func newFork(o Options, r route, config *tls.Config, own *url.URL) *fork {
	f := &fork{guard: guard{allow: o.AllowEgress, private: r.private}, proxy: o.Proxy}
	f.direct = newTransport(o, config)
	f.direct.DialContext = newDialer(o, f.guard).DialContext
	f.proxied = newTransport(o, config)
	if own != nil {
		f.own, f.proxy = true, http.ProxyURL(own)
		f.proxied.DialContext = newDialer(o, guard{allow: o.AllowEgress, proxy: true}).DialContext
		f.proxied.OnProxyConnectResponse = acceptProxy
	} else {
		f.proxied.DialContext = o.Dial
		if o.Dial == nil {
			f.proxied.DialContext = (&net.Dialer{Timeout: o.RequestTimeout}).DialContext
		}
		// With a proxy, this is the connection to the proxy only: what an object says of certificates does not concern the
		// administrator's.
		f.proxied.DialTLSContext = (&tls.Dialer{Config: tlsConfig(o.Roots, route{})}).DialContext
	}
	f.proxied.Proxy = func(req *http.Request) (*url.URL, error) {
		proxy, err := f.proxy(req)
		if err == nil && proxy == nil { // it said otherwise a moment ago, and this transport's dialer is not guarded
			err = errors.New("the proxy function contradicts itself")
		}
		return proxy, err
	}
	return f
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
	switch {
	case proxy != nil && f.own:
		resp, err := f.proxied.RoundTrip(req)
		return resp, refusedBySOCKS(err)
	case proxy != nil:
		return f.proxied.RoundTrip(req)
	}
	return f.direct.RoundTrip(req)
}

func (f *fork) closeIdle() {
	f.direct.CloseIdleConnections()
	f.proxied.CloseIdleConnections()
}

// newTransport is remote.DefaultTransport of go-containerregistry, which Flux clones (source-controller,
// OCIRepositoryReconciler.transport), with our limits.
func newTransport(o Options, config *tls.Config) *http.Transport {
	return &http.Transport{
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    o.RequestTimeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the limits count what was sent
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
}
