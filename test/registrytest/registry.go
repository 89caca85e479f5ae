package registrytest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is a set of registries, one for each host name, behind one TLS listener on loopback.
type Registry struct {
	// Pusher stores artifacts, past log, faults and logins.
	*Pusher

	authority *Authority
	listener  net.Listener
	server    *http.Server
	stopped   chan struct{}
	hosts     map[string]http.Handler // what is stored, without log, faults and logins

	mu       sync.Mutex
	requests []Request
	faults   map[string]Fault
	logins   map[string]Login
	tokens   map[string]string // token → host that it is good for
	mutual   map[string]bool   // names that ask for a client certificate
	pageSize int
}

// New starts a registry for each host ("ghcr.io", "registry.example.com:5000"; "docker.io" stands for index.docker.io).
// Close stops them.
func New(hosts ...string) (*Registry, error) {
	r := &Registry{
		stopped: make(chan struct{}), hosts: map[string]http.Handler{},
		faults: map[string]Fault{}, logins: map[string]Login{}, tokens: map[string]string{},
		mutual:   map[string]bool{},
		pageSize: 1000,
	}
	var names []string
	for _, host := range hosts {
		if host == "docker.io" {
			host = name.DefaultRegistry
		}
		r.hosts[host] = registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
		names = append(names, hostname(host))
	}
	r.Pusher = NewPusher(remote.WithTransport(r.Stored()))
	var err error
	if r.authority, err = NewAuthority(); err != nil {
		return nil, fmt.Errorf("create the test authority: %w", err)
	}
	certificate, err := r.authority.issue(names)
	if err != nil {
		return nil, fmt.Errorf("issue the test certificate: %w", err)
	}
	if r.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	r.server = &http.Server{
		Handler:     http.HandlerFunc(r.serve),
		TLSConfig:   r.tlsConfig(certificate),
		ConnContext: withConnection,
		ErrorLog:    log.New(io.Discard, "", 0), // clients that distrust us are part of the tests
	}
	go func() { _ = r.server.ServeTLS(r.listener, "", "") }() // it ends with Close
	return r, nil
}

// Close stops listening and drops all connections.
func (r *Registry) Close() error {
	close(r.stopped)
	return r.server.Close()
}

// Addr is the listener's address: 127.0.0.1 and a port.
func (r *Registry) Addr() string { return r.listener.Addr().String() }

// Authority signs the Registry's certificates, and may sign others.
func (r *Registry) Authority() *Authority { return r.authority }

// CA is the authority's certificate in PEM.
func (r *Registry) CA() []byte { return r.authority.PEM() }

// Roots is a pool with the authority's certificate only.
func (r *Registry) Roots() *x509.CertPool { return r.authority.Pool() }

// Dial connects to the listener, whatever the address: the seam for clients in this process.
func (r *Registry) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, r.Addr())
}

// Transport reaches the registries under their names, through TLS.
func (r *Registry) Transport() *http.Transport {
	return &http.Transport{
		DialContext:       r.Dial,
		TLSClientConfig:   &tls.Config{RootCAs: r.Roots(), MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
}

// serve logs the request, then lets a fault, then a login have their way with it.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	r.log(req)
	var next http.Handler = http.HandlerFunc(r.serveStored)
	if fault := r.fault(req); fault != nil {
		next = fault(next)
	}
	next.ServeHTTP(w, req)
}

func (r *Registry) serveStored(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == tokenPath {
		r.issueToken(w, req)
		return
	}
	stored, known := r.hosts[canonical(req.Host)]
	switch {
	case !known:
		http.Error(w, "no such registry: "+req.Host, http.StatusMisdirectedRequest)
	case !r.admitted(req):
		r.challenge(w, req.Host)
	case req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/tags/list"):
		r.serveTags(w, req, stored)
	default:
		stored.ServeHTTP(w, req)
	}
}

// place is where a request goes, as faults and counts name it: "ghcr.io/acme/app/manifests/v1".
func place(host, path string) string {
	return strings.TrimSuffix(host+strings.TrimPrefix(path, "/v2"), "/")
}

// below reports whether place is prefix, or in it.
func below(place, prefix string) bool {
	rest, found := strings.CutPrefix(place, prefix)
	return found && (rest == "" || rest[0] == '/')
}

// canonical is a host as registries go by it: names have no case, may end in a dot, and 443 is the port of https.
func canonical(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	return strings.TrimSuffix(host, ".")
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
