package registry

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options configure a Client. The zero value is usable: anonymous, with the system's certificates and proxy settings.
type Options struct {
	// Credentials finds the credentials of a source; nil means Anonymous.
	Credentials Credentials
	// Roots are the certificates trusted to sign a registry's; nil means the system's.
	Roots *x509.CertPool
	// Proxy chooses a proxy for a request; nil means http.ProxyFromEnvironment. A proxy is the administrator's choice and is
	// dialled wherever it is. Behind it, names are resolved by the proxy, so that only hosts written as addresses (and
	// the few names that always mean one) can be judged here: let the proxy guard the rest.
	Proxy func(*http.Request) (*url.URL, error)
	// AllowEgress permits addresses that are refused otherwise: loopback, link-local and the like, and private
	// ones even where Query.AllowPrivate is false. Empty permits none.
	AllowEgress []netip.Prefix

	// RequestTimeout limits one request with its answer; zero means 5 s.
	RequestTimeout time.Duration
	// ResolveTimeout limits everything that one resolve sends; zero means 8 s. A caller's own deadline may end its
	// wait earlier.
	ResolveTimeout time.Duration
	// PerHost limits the resolves under way at one registry; zero means 8.
	PerHost int
	// PerNamespace limits the resolves under way for sources of one namespace, however many registries they name; zero
	// means 8. Of those, one at a time reads a list of tags.
	PerNamespace int
	// InFlight limits the resolves under way at all registries; zero means 24. Each may hold an answer of 4 MiB, and as
	// much again while it is read; a list of tags several times that.
	InFlight int

	// Cache says how much is remembered, and for how long.
	Cache CacheOptions

	// Metrics count what is asked; nil counts nothing.
	Metrics *Metrics
	// UserAgent is what registries are told; empty means "fluxgate".
	UserAgent string
	// Now is the clock of the cache; nil means time.Now.
	Now func() time.Time
	// Lookup finds the addresses of a host; nil means the system's resolver. What it returns is judged by the egress guard.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial opens a connection to an address that the guard has permitted, or to a proxy; nil means the network, where
	// the guard judges the address once more.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// CacheOptions bound the cache. A negative lifetime turns remembering off.
type CacheOptions struct {
	// Size is the number of answers kept, and apart from them that of failures, so that failures push out no answer;
	// zero means 4096.
	Size int
	// Found is how long a digest is remembered; zero means 10 s.
	Found time.Duration
	// NotFound is how long it is remembered that a tag or version does not exist; zero means 5 s.
	NotFound time.Duration
	// Failed is how long other failures are remembered; zero means 3 s.
	Failed time.Duration
	// RetryAfter caps how long a registry's Retry-After (with status 429 or 503) is honoured; zero means 60 s.
	RetryAfter time.Duration
}

func (o Options) withDefaults() Options {
	if o.Credentials == nil {
		o.Credentials = Anonymous{}
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	o.UserAgent = cmp.Or(o.UserAgent, "fluxgate")
	o.RequestTimeout = cmp.Or(o.RequestTimeout, 5*time.Second)
	o.ResolveTimeout = cmp.Or(o.ResolveTimeout, 8*time.Second)
	o.PerHost = cmp.Or(o.PerHost, 8)
	o.PerNamespace = cmp.Or(o.PerNamespace, 8)
	o.InFlight = cmp.Or(o.InFlight, 24)
	o.Cache = o.Cache.withDefaults()
	return o
}

func (o CacheOptions) withDefaults() CacheOptions {
	o.Size = cmp.Or(o.Size, 4096)
	o.Found = cmp.Or(o.Found, 10*time.Second)
	o.NotFound = cmp.Or(o.NotFound, 5*time.Second)
	o.Failed = cmp.Or(o.Failed, 3*time.Second)
	o.RetryAfter = cmp.Or(o.RetryAfter, time.Minute)
	return o
}
