package registry

import "net/http"

// GuardedTransport sends requests as a Client of the options does: through the egress guard or the administrator's proxy, over
// TLS only, each within its time and size. Private addresses are permitted. It is for logins that are exchanged at a registry
// before it is asked; it follows no redirects.
func GuardedTransport(o Options) http.RoundTripper {
	o = o.withDefaults()
	r := route{private: true}
	return guarded{options: o, fork: newFork(o, r, tlsConfig(o.Roots, r), nil)}
}

// PublicTransport is GuardedTransport to public addresses only, and by plain http too. It is for the servers that certificates
// name, which know whether those are revoked: they speak plain http, as what they say is signed.
func PublicTransport(o Options) http.RoundTripper {
	o = o.withDefaults()
	return guarded{options: o, plain: true, fork: newFork(o, route{}, tlsConfig(o.Roots, route{}), nil)}
}

type guarded struct {
	options Options
	plain   bool
	fork    *fork
}

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{
		next: &ways{host: req.URL.Host, own: g.fork}, plain: g.plain,
		timeout: g.options.RequestTimeout, now: g.options.Now, metrics: g.options.Metrics,
	}
	return x.RoundTrip(req)
}
