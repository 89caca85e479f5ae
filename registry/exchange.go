package registry

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// exchange carries everything that one resolve sends, redirects and token requests included, and holds its limits. It
// keeps no cookies.
type exchange struct {
	next *ways
	// plain permits http: where the object says insecure, and where go-containerregistry reaches the host by http all by
	// itself (name.Registry.Scheme), after https failed or took more than 300 ms (transport.Ping), as Flux does.
	// Otherwise no redirect and no token realm leads to http, which Flux would follow.
	plain   bool
	timeout time.Duration
	now     func() time.Time
	metrics *Metrics

	bytes atomic.Int64 // read so far
	mu    sync.Mutex
	// retryAfter is what the last status 429 or 503 asked for, digest what the last manifest's header said.
	retryAfter time.Duration
	digest     string
}

var _ http.RoundTripper = (*exchange)(nil)

// RoundTrip sends one request, within its own deadline, which covers the body of the answer too.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := x.send(req)
	x.metrics.sent(resp, err)
	return resp, err
}

func (x *exchange) send(req *http.Request) (*http.Response, error) {
	if err := x.permit(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // http.RoundTripper demands it; nothing was sent
		}
		return nil, err
	}
	noting, name := noteCertificateAsked(req.Context())
	ctx, cancel := context.WithTimeout(noting, x.timeout)
	resp, err := x.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, name(err)
	}
	x.note(resp)
	resp.Body = &body{inner: resp.Body, left: maxBody, total: &x.bytes, cancel: cancel}
	if req.Method != http.MethodHead && resp.ContentLength > maxBody {
		_ = resp.Body.Close() // the answer is refused whatever closing it says
		return nil, errTooLarge
	}
	return resp, nil
}

func (x *exchange) permit(req *http.Request) error {
	if req.URL.Scheme != "https" && !x.plain {
		return &refusedError{what: fmt.Sprintf("%s://%s", req.URL.Scheme, req.URL.Host), why: "plain http was not asked for"}
	}
	// go-containerregistry's own client follows redirects without end (remote, checkRedirectSSRF).
	redirects := 0
	for r := req; r.Response != nil; r = r.Response.Request {
		if redirects++; redirects > maxRedirects {
			return errRedirects
		}
	}
	return nil
}

// note keeps what go-containerregistry drops of an answer.
func (x *exchange) note(resp *http.Response) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), x.now())
	}
	if resp.StatusCode == http.StatusOK && strings.Contains(resp.Request.URL.Path, "/manifests/") {
		x.digest = resp.Header.Get("Docker-Content-Digest")
	}
}

func (x *exchange) contentDigest() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.digest
}

func (x *exchange) waitFor() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.retryAfter
}

// retryAfter reads the header in both its forms (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3); zero where it
// says nothing.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
