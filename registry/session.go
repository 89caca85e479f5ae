package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Session is a way to one repository that is open: logged in, guarded, and limited in time, bytes and requests, as a resolve
// is. Its methods are safe for concurrent use.
type Session struct {
	plan     *plan
	ctx      context.Context //nolint:containedctx // it is the life of the session, which outlives the call that opened it
	close    func()
	closed   sync.Once
	auth     authn.Authenticator
	exchange *exchange
	inner    http.RoundTripper
	requests atomic.Int64

	mu      sync.Mutex
	failure *Error
}

// Context ends with the session.
func (s *Session) Context() context.Context { return s.ctx }

// Close ends the session, and gives its turn to others.
func (s *Session) Close() { s.closed.Do(s.close) }

// Repository is what the session was opened for.
func (s *Session) Repository() name.Repository { return s.plan.repository }

// Requests is how many requests were sent since the login.
func (s *Session) Requests() int { return int(s.requests.Load()) }

// Transport sends requests over the session. Libraries ping a registry before they ask it anything; as the login has been
// done, a ping is answered here.
func (s *Session) Transport() http.RoundTripper { return sessionTransport{s} }

// Failure is what first kept the registry from an answer, as an *Error; nil where nothing did. Not finding something is no
// failure.
func (s *Session) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		return nil
	}
	failure := *s.failure
	return &failure
}

func (s *Session) record(err error) {
	var failure *Error
	if !errors.As(err, &failure) {
		failure = s.plan.failure(err)
	}
	if s.auth != nil {
		failure.refused(s.plan.source, s.auth)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		s.failure = failure
	}
}

// learned is what the session says of the registry's wish for a pause.
func (s *Session) learned() answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := answer{failure: s.failure}
	if s.exchange != nil {
		found.retryAfter = s.exchange.waitFor()
	}
	return found
}

type sessionTransport struct{ *Session }

// RoundTrip implements http.RoundTripper.
func (s sessionTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.ping(req) {
		return &http.Response{
			Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: req,
		}, nil
	}
	if s.requests.Add(1) > maxRequests {
		s.record(errTooManyRequests)
		return nil, errTooManyRequests
	}
	// A library may hold a context of its own: the session's ends the request too.
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(s.ctx, cancel)
	resp, err := s.inner.RoundTrip(req.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		s.note(req, &url.Error{Op: req.Method, URL: req.URL.Redacted(), Err: err}) // as http.Client would report it
		return nil, err
	}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusTooManyRequests,
		code >= http.StatusInternalServerError:
		s.record(&transport.Error{StatusCode: code, Request: req})
	}
	resp.Body = &sessionBody{ReadCloser: resp.Body, note: func(err error) { s.note(req, err) }, end: func() { stop(); cancel() }}
	return resp, nil
}

// note records an error, unless it is that whoever asked does not want to know any more.
func (s *Session) note(req *http.Request, err error) {
	if s.ctx.Err() == nil && req.Context().Err() != nil {
		return
	}
	if s.ctx.Err() != nil {
		err = s.ctx.Err()
	}
	s.record(err)
}

func (s *Session) ping(req *http.Request) bool {
	return req.Method == http.MethodGet && req.URL.Host == s.plan.repository.RegistryStr() && strings.TrimSuffix(req.URL.Path, "/") == "/v2"
}

// sessionBody tells the session of an answer that breaks off.
type sessionBody struct {
	io.ReadCloser
	note func(error)
	end  func()
}

func (b *sessionBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.note(err)
	}
	return n, err
}

func (b *sessionBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
