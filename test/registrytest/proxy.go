package registrytest

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Proxy is an HTTP proxy (CONNECT only) that leads real names to listeners on loopback, and nowhere else. A process with
// HTTPS_PROXY set to its URL, and a Registry's CA, reaches test registries as ghcr.io.
type Proxy struct {
	listener net.Listener
	server   *http.Server

	mu     sync.Mutex
	routes map[string]string // "ghcr.io:443" → "127.0.0.1:40001"
	asked  []string
	user   *url.Userinfo // who is let in; nil: everybody
	open   map[net.Conn]bool
	socks  net.Listener // nil unless SOCKS was called
}

// NewProxy starts a proxy that leads to the registries' hosts. Close stops it.
func NewProxy(registries ...*Registry) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, routes: map[string]string{}, open: map[net.Conn]bool{}}
	for _, r := range registries {
		for host := range r.hosts {
			p.Route(withPort(host), r.Addr())
		}
	}
	p.server = &http.Server{
		Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = p.server.Serve(listener) }() // it ends with Close
	return p, nil
}

// URL is what HTTPS_PROXY must say.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// TLS makes the proxy listen at another port, too, where clients speak TLS to it, with a certificate of the registry's
// authority. It returns the URL.
func (p *Proxy) TLS(r *Registry) (string, error) {
	certificate, err := r.authority.issue(nil)
	if err != nil {
		return "", err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		return "", err
	}
	go func() { _ = p.server.Serve(listener) }() // it ends with Close
	return "https://" + listener.Addr().String(), nil
}

// Route leads host:port to a listener; an empty address makes the host unreachable.
func (p *Proxy) Route(hostport, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[hostport] = address
}

// Require makes the proxy ask for a login.
func (p *Proxy) Require(user, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user = url.UserPassword(user, password)
}

// wanted is who is let in; nil where everybody is.
func (p *Proxy) wanted() *url.Userinfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.user
}

func (p *Proxy) admitted(req *http.Request) bool {
	wanted := p.wanted()
	if wanted == nil {
		return true
	}
	password, _ := wanted.Password()
	login := "Basic " + base64.StdEncoding.EncodeToString([]byte(wanted.Username()+":"+password))
	return req.Header.Get("Proxy-Authorization") == login
}

// Asked returns every host:port that was asked for with the right login, in order, those that lead nowhere too. Plain http shows with its scheme.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Close stops the proxy and drops its connections.
func (p *Proxy) Close() error {
	err := p.server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.socks != nil {
		err = errors.Join(err, ignoreClosed(p.socks.Close()))
	}
	for conn := range p.open { // hijacked: the server does not know them any more
		err = errors.Join(err, ignoreClosed(conn.Close()))
	}
	return err
}

func (p *Proxy) serve(w http.ResponseWriter, req *http.Request) {
	asked := req.Host
	if req.Method != http.MethodConnect {
		asked = req.URL.Scheme + "://" + req.Host
	}
	if !p.admitted(req) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	upstream, err := p.dial(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer p.drop(upstream)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	p.keep(client)
	defer p.drop(client)
	if _, err := fmt.Fprint(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	tunnel(client, buffered, upstream)
}

func withPort(host string) string {
	if strings.Contains(host, ":") {
		return host
	}
	return net.JoinHostPort(host, "443")
}
