package registrytest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
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
	login  string // the header Proxy-Authorization that lets in; empty: everybody
	open   map[net.Conn]bool
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
	p.login = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func (p *Proxy) admitted(req *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.login == "" || req.Header.Get("Proxy-Authorization") == p.login
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

// dial records what was asked for, and connects to where it leads.
func (p *Proxy) dial(asked string) (net.Conn, error) {
	p.mu.Lock()
	p.asked = append(p.asked, asked)
	address := p.routes[asked]
	p.mu.Unlock()
	if address == "" {
		return nil, fmt.Errorf("registrytest: %s leads nowhere", asked)
	}
	upstream, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("registrytest: %s does not answer", asked)
	}
	p.keep(upstream)
	return upstream, nil
}

func (p *Proxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[conn] = true
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close() // the other side may have
}

// tunnel copies both ways until one side ends.
func tunnel(client net.Conn, buffered io.Reader, upstream net.Conn) {
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(upstream, buffered) // its end is all that matters
		ended <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(client, upstream)
		ended <- struct{}{}
	}()
	<-ended
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func withPort(host string) string {
	if strings.Contains(host, ":") {
		return host
	}
	return net.JoinHostPort(host, "443")
}
