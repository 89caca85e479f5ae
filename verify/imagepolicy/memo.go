package imagepolicy

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

const (
	// maxKept bounds what one verification keeps of answers, in bytes; what is beyond is asked for again.
	maxKept = 8 << 20
	// maxAnswer bounds one answer that is kept: a manifest or a signature fits well.
	maxAnswer = 1 << 20
)

// memo asks for nothing twice in one verification: each authority reads the same signatures, and all are to judge the same.
type memo struct {
	next http.RoundTripper

	mu   sync.Mutex
	kept map[string]answer
	size int
}

type answer struct {
	response http.Response // without a body
	body     []byte
}

// RoundTrip implements http.RoundTripper.
func (m *memo) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return m.next.RoundTrip(req)
	}
	key := req.URL.String() + "\n" + req.Header.Get("Accept")
	m.mu.Lock()
	known, found := m.kept[key]
	m.mu.Unlock()
	if found {
		return known.as(req), nil
	}
	resp, err := m.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound {
		return resp, err
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		_ = resp.Body.Close() // the error is that of reading
		return nil, err
	}
	if len(start) > maxAnswer {
		resp.Body = rest{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
		return resp, nil
	}
	_ = resp.Body.Close() // all of it was read
	learned := answer{response: *resp, body: start}
	m.keep(key, learned)
	return learned.as(req), nil
}

func (m *memo) keep(key string, learned answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if size := m.size + len(key) + len(learned.body); size <= maxKept {
		m.kept[key], m.size = learned, size
	}
}

// as is the answer to a request.
func (a answer) as(req *http.Request) *http.Response {
	resp := a.response
	resp.Header = resp.Header.Clone()
	resp.Request = req
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	return &resp
}

// rest is an answer of which the start was read already.
type rest struct {
	io.Reader
	io.Closer
}
