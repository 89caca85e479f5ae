package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	loopback = "127.0.0.1"
	patience = 2 * time.Minute
)

// fixture is a registry over TLS on loopback, and the edge of the network as the client sees it.
type fixture struct {
	*registrytest.Registry
	// Options lead every known name to the registry; change them before client is called.
	Options registry.Options
	clock   *clock

	mu sync.Mutex
	// names are the addresses that hosts resolve to.
	names map[string][]string
	// dialled are the addresses that were connected to.
	dialled []string
	lookups map[string]int
}

func newFixture(t *testing.T, hosts ...string) *fixture {
	t.Helper()
	f := &fixture{
		Registry: registrytest.Start(t, hosts...),
		clock:    &clock{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		names:    map[string][]string{"index.docker.io": {loopback}},
		lookups:  map[string]int{},
	}
	for _, host := range hosts {
		f.names[host] = []string{loopback}
	}
	f.Options = registry.Options{
		Roots:       f.Roots(),
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Now:         f.clock.now,
		Lookup:      f.lookup,
		// Only what is about time says how long it may take: a busy machine fails no other test.
		RequestTimeout: patience, ResolveTimeout: patience,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			f.mu.Lock()
			f.dialled = append(f.dialled, address)
			f.mu.Unlock()
			if host, _, _ := net.SplitHostPort(address); host != loopback {
				t.Errorf("the network was reached at %s", address)
				return nil, errors.New("the test's network ends here")
			}
			return f.Dial(ctx, network, address)
		},
	}
	return f
}

func (f *fixture) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lookups[host]++
	var found []netip.Addr
	for _, address := range f.names[host] {
		found = append(found, netip.MustParseAddr(address))
	}
	if found == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

func (f *fixture) resolves(host string, addresses ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names[host] = addresses
}

func (f *fixture) client() *registry.Client { return registry.New(f.Options) }

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// source is an OCIRepository's source.
func source(t *testing.T, repository string, ref flux.Ref) flux.Source {
	t.Helper()
	parsed, err := flux.ParseRepository("oci://" + repository)
	if err != nil {
		t.Fatal(err)
	}
	return flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", URL: "oci://" + repository,
		Repository: parsed, Ref: ref, Provider: "generic", Namespace: "apps",
	}
}

func tagged(t *testing.T, repository, tag string) registry.Query {
	t.Helper()
	return registry.Query{Source: source(t, repository, flux.Ref{Tag: tag})}
}

func resolve(t *testing.T, r registry.Resolver, q registry.Query) (registry.Resolution, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return r.Resolve(ctx, q)
}

func mustResolve(t *testing.T, r registry.Resolver, q registry.Query) registry.Resolution {
	t.Helper()
	got, err := resolve(t, r, q)
	if err != nil {
		t.Fatalf("resolve: %v (%v)", err, errors.Unwrap(err))
	}
	return got
}

// wantClass fails unless err is an *registry.Error of the class.
func wantClass(t *testing.T, err error, class registry.Class) {
	t.Helper()
	_ = failureOf(t, err, class)
}

// failureOf returns the error, which must be of the class.
func failureOf(t *testing.T, err error, class registry.Class) *registry.Error {
	t.Helper()
	var failure *registry.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got error %v, want a *registry.Error of class %s", err, class)
	}
	if failure.Class != class {
		t.Fatalf("got class %s (%v: %v), want %s", failure.Class, failure, failure.Err, class)
	}
	return failure
}

func (f *fixture) wantCount(t *testing.T, method, place string, want int) {
	t.Helper()
	if got := f.Count(method, place); got != want {
		t.Errorf("got %d %s requests to %s, want %d; all: %s", got, method, place, want, fmt.Sprint(f.Requests()))
	}
}

// public is a resolver in which every name has a public address.
func public(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("140.82.121.33")}, nil
}
