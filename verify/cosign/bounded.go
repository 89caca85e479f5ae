package cosign

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// errTooMuch says that what is stored as signatures is more than is read. Whoever may push stores it, so that it is the
// artifact's fault; the visit's own limits, which lie above, are the registry's.
var errTooMuch = errors.New("more is stored than is read")

// bounded limits what answers hold, each and all together.
type bounded struct {
	inner http.RoundTripper
	left  *atomic.Int64
}

func newBounded(inner http.RoundTripper) bounded {
	left := &atomic.Int64{}
	left.Store(maxAnswers)
	return bounded{inner: inner, left: left}
}

// RoundTrip sends nothing where no answer would be read.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.left.Load() <= 0 {
		return nil, errTooMuch
	}
	resp, err := b.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer, all: b.left}
	return resp, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
	all  *atomic.Int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.all.Add(-int64(n)) < 0 || b.left < 0 {
		return 0, errTooMuch
	}
	return n, err
}
