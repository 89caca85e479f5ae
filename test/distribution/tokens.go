package distribution

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
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

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	issuer    = "fluxgate tests"
	service   = "distribution"
	keyID     = "fluxgate-tests"
	tokenPath = "/token"
	algorithm = jose.ES256
)

// TokenServer gives out tokens with the rights of each user (https://distribution.github.io/distribution/spec/auth/token/):
// the one part of a registry that is a service of its own. Whatever is asked of it but a token for pulling is an error of
// Stop.
type TokenServer struct {
	listener net.Listener
	server   *http.Server
	realm    string
	key      *ecdsa.PrivateKey
	signer   jose.Signer

	mu         sync.Mutex
	users      map[string]user
	asked      []string
	unexpected []error
}

type user struct {
	password     string
	repositories []string
}

// StartTokens starts a token server over TLS that is known as https://host/token.
func StartTokens(authority *registrytest.Authority, host string) (*TokenServer, error) {
	s := &TokenServer{realm: "https://" + host + tokenPath, users: map[string]user{}}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	key := jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: s.key, KeyID: keyID}}
	if s.signer, err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT")); err != nil {
		return nil, err
	}
	certificate, private, err := authority.IssueServer(host)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, private)
	if err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.server = &http.Server{
		Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	go func() { _ = s.server.ServeTLS(s.listener, "", "") }() // it ends with Stop
	return s, nil
}

// Addr is where it listens.
func (s *TokenServer) Addr() string { return s.listener.Addr().String() }

// Permit lets a user pull from repositories ("acme/app"), and from no others. The user "" is whoever does not log in.
func (s *TokenServer) Permit(name, password string, repositories ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.users[name]
	s.users[name] = user{password: password, repositories: append(known.repositories, repositories...)}
}

// Asked returns who asked for which scope, in order: "poor repository:acme/app:pull". Wrong passwords are not among them.
func (s *TokenServer) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Stop ends it, and returns what it was asked that no registry client should ask.
func (s *TokenServer) Stop() error {
	err := s.server.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(append(s.unexpected, err)...)
}

// keys are what the registry trusts.
func (s *TokenServer) keys() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: keyID, Algorithm: string(algorithm), Use: "sig"}}}
}

func (s *TokenServer) serve(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := req.URL.Query()
	if req.Method != http.MethodGet || req.URL.Path != tokenPath || query.Get("service") != service {
		s.refuse(w, fmt.Errorf("the token server was asked for %s %s", req.Method, req.URL))
		return
	}
	name, password, _ := req.BasicAuth()
	known, found := s.users[name]
	if name != "" && (!found || known.password != password) {
		http.Error(w, "no such user, or another password", http.StatusUnauthorized)
		return
	}
	s.asked = append(s.asked, strings.TrimSpace(name+" "+strings.Join(query["scope"], " ")))
	var granted []access
	for _, scope := range query["scope"] {
		a, err := parseScope(scope)
		if err != nil {
			s.refuse(w, err)
			return
		}
		if slices.Contains(known.repositories, a.Name) {
			granted = append(granted, a)
		}
	}
	token, err := s.token(name, granted)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300}) // a client that went away is its own affair
}

func (s *TokenServer) refuse(w http.ResponseWriter, err error) {
	s.unexpected = append(s.unexpected, err)
	http.Error(w, err.Error(), http.StatusNotImplemented)
}

// access is a right as tokens carry it.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// parseScope reads "repository:acme/app:pull". No client of these tests may ask for more than to pull.
func parseScope(scope string) (access, error) {
	parts := strings.Split(scope, ":")
	if len(parts) != 3 || parts[0] != "repository" || parts[2] != "pull" {
		return access{}, fmt.Errorf("the token server was asked for the scope %q", scope)
	}
	return access{Type: parts[0], Name: parts[1], Actions: []string{parts[2]}}, nil
}

func (s *TokenServer) token(name string, granted []access) (string, error) {
	now := time.Now()
	claims := jwt.Claims{
		Issuer: issuer, Subject: name, Audience: jwt.Audience{service}, ID: rand.Text(),
		NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)),
	}
	return jwt.Signed(s.signer).Claims(claims).Claims(map[string]any{"access": granted}).Serialize()
}
