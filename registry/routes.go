package registry

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// maxOwnRoutes limits the connection pools for what objects' own Secrets say of a connection.
	maxOwnRoutes = 64
	// keepOwnRoute is how long such a pool, which holds a tenant's client certificate, outlives its last use.
	keepOwnRoute = time.Minute
)

// route says what a query permits of a connection, and what its own Secrets make of it. Queries on different routes share
// no connection, so that one opened to a private address, without looking at the certificate, or with the certificate of
// another, never serves a query that may not.
type route struct {
	private, skipVerify bool
	transport           string // Transport.ID
}

// routeOf returns the route of a plan. As in Flux, insecure skips the verification of the certificate only where the
// object names no certificates (source-controller, OCIRepositoryReconciler.getTLSConfig).
func routeOf(p *plan, t Transport) route {
	return route{private: p.private, skipVerify: p.source.Insecure && !t.ownCertificates(), transport: t.ID}
}

func (t Transport) ownCertificates() bool { return t.CA != nil || t.Certificate != nil }

// routes are the connection pools: four that always exist, and a bounded number of those with Secrets of their own.
type routes struct {
	options Options
	common  map[route]*fork

	mu  sync.Mutex
	own *lru.Cache[route, *ownRoute]
}

type ownRoute struct {
	*fork
	end *time.Timer
}

func newRoutes(o Options) *routes {
	own, err := lru.NewWithEvict(maxOwnRoutes, func(_ route, r *ownRoute) {
		r.end.Stop()
		r.closeIdle()
	})
	if err != nil {
		panic(err) // it fails only for sizes below one
	}
	rs := &routes{options: o, common: map[route]*fork{}, own: own}
	for _, r := range []route{{}, {private: true}, {skipVerify: true}, {private: true, skipVerify: true}} {
		rs.common[r] = newFork(o, r, showing(tlsConfig(o.Roots, r), nil), nil)
	}
	return rs
}

// to returns the connections of a route; t is what r.transport stands for.
func (rs *routes) to(r route, t Transport) (http.RoundTripper, error) {
	if r.transport == "" {
		return rs.common[r], nil
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if known, found := rs.own.Get(r); found {
		known.end.Reset(keepOwnRoute)
		return known, nil
	}
	roots, err := trusting(rs.options.Roots, t.CA)
	if err != nil {
		return nil, err
	}
	config := showing(tlsConfig(roots, r), t.Certificate)
	added := &ownRoute{fork: newFork(rs.options, r, config, t.Proxy)}
	added.end = time.AfterFunc(keepOwnRoute, func() {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		if now, found := rs.own.Peek(r); found && now == added {
			rs.own.Remove(r)
		}
	})
	rs.own.Add(r, added)
	return added, nil
}

// trusting adds certificates to a pool; nil is the system's.
func trusting(roots *x509.CertPool, pem []byte) (*x509.CertPool, error) {
	if pem == nil {
		return roots, nil
	}
	if roots == nil {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("system certificates: %w", err)
		}
		roots = system
	}
	roots = roots.Clone()
	roots.AppendCertsFromPEM(pem) // it was read before, by Transport.trust
	return roots, nil
}

func tlsConfig(roots *x509.CertPool, r route) *tls.Config {
	return &tls.Config{
		RootCAs:            roots,
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: r.skipVerify, //nolint:gosec // the object says insecure: true; the rule forbid-insecure is for that
	}
}
