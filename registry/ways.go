package registry

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// ways lead to the host of a repository, and from there to others: by a redirect, or to a token server. An allow-list that
// lets the host be at a private address speaks of that host. A registry at a public address is somebody else's, who must not
// lead into the network; one at a private address is in the network anyway, and may have its parts there. Behind a proxy
// nobody here knows where a host is: it counts as outside, and other hosts by name are the proxy's to judge.
type ways struct {
	// host is the repository's, as it stands in a URL, and own the way to it. away makes the way to others, which leads to no
	// private address.
	host string
	own  http.RoundTripper
	away func() (http.RoundTripper, error)

	// inside: the host was found at a private address.
	inside atomic.Bool
}

var _ http.RoundTripper = (*ways)(nil)

// RoundTrip sends a request by the way to its host. Another port is another host.
func (w *ways) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == w.host {
		traced := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: w.found})
		return w.own.RoundTrip(req.WithContext(traced))
	}
	if w.inside.Load() {
		return w.own.RoundTrip(req)
	}
	away, err := w.away()
	if err != nil {
		return nil, err
	}
	return away.RoundTrip(req)
}

// found looks where a connection to the host leads, be it a new one or one that is used again.
func (w *ways) found(info httptrace.GotConnInfo) {
	if isPrivate(info.Conn) {
		w.inside.Store(true)
	}
}
