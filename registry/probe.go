package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/fluxgate/fluxgate/flux"
)

// Connection is what a registry was reached by. It tells where in the network that is.
type Connection struct {
	// Address is the other end of the connection, with its port: the registry's or, where there is one, the proxy's.
	Address string
	// TLS is the version of TLS; empty for plain http.
	TLS string
	// Issuer is who signed the registry's certificate; empty for plain http.
	Issuer string
}

// Reach finds out whether the registry answers at all, as something that can be asked for a login or for artifacts: its name,
// an address, a connection, TLS, and the ping of the distribution specification. It sends no credentials but the certificate
// and the proxy login of the source. That the registry wants a login is an answer. Its error is an *Error.
func (a *Access) Reach(ctx context.Context) (Connection, error) {
	c, p := a.client, a.plan
	release, err := c.wait(ctx, c.turns(p))
	if err != nil {
		return Connection{}, p.failure(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, c.options.ResolveTimeout)
	defer cancel()
	x, err := c.exchange(p, a.login)
	if err != nil {
		return Connection{}, asCredentialsError(p.source, err)
	}
	var last connections
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: last.got})
	challenge, err := transport.Ping(traced, p.repository.Registry, transport.NewUserAgent(x, c.options.UserAgent))
	if err != nil && !asksForLogin(err) {
		return Connection{}, p.failure(err)
	}
	return last.of(challenge != nil && challenge.Insecure), nil
}

// asksForLogin recognises a registry that forbids even the ping: it was reached all the same.
func asksForLogin(err error) bool {
	var status *transport.Error
	return errors.As(err, &status) && (status.StatusCode == http.StatusUnauthorized || status.StatusCode == http.StatusForbidden)
}

// connections are those that a ping was sent over: with insecure, one for https and one for http at the same time.
type connections struct {
	mu           sync.Mutex
	plain, https Connection
}

func (c *connections) got(info httptrace.GotConnInfo) {
	found := Connection{Address: info.Conn.RemoteAddr().String()}
	secure, isTLS := info.Conn.(*tls.Conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !isTLS {
		c.plain = found
		return
	}
	state := secure.ConnectionState()
	found.TLS = tls.VersionName(state.Version)
	if len(state.PeerCertificates) > 0 {
		found.Issuer = state.PeerCertificates[0].Issuer.String()
	}
	c.https = found
}

func (c *connections) of(plain bool) Connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if plain {
		return c.plain
	}
	return c.https
}

// HasEntry reports whether a login that was read from Secrets has an entry for a source's repository. Where it has none, the
// registry is asked anonymously.
func (l Login) HasEntry(source flux.Source) bool {
	ring, ok := l.Keychain.(keyring)
	if !ok {
		return false
	}
	repository, err := parseRepository(source)
	if err != nil {
		return false
	}
	auth, err := ring.Resolve(repository)
	return err == nil && auth != authn.Anonymous
}

// CheckRef returns an *Error of ClassReference for a ref that cannot be asked for, or that Flux cannot read. It dials nothing.
func CheckRef(source flux.Source) error {
	if source.Ref.Digest == "" {
		_, err := newPlan(Query{Source: source})
		return err
	}
	if _, err := v1.NewHash(source.Ref.Digest); err != nil { // source-controller, getRevision
		return badReference(source, "ref.digest", quote(source.Ref.Digest)+" is not a digest",
			fmt.Sprintf("write sha256: and the %d hexadecimal digits, in lower case, of the manifest's SHA-256", 64))
	}
	return nil
}
