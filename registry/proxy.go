package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// proxyError is the no of a proxy that an object names.
type proxyError struct {
	// status is what the proxy answered, or would have, did it speak HTTP.
	status int
	err    error
}

func (e *proxyError) Error() string { return e.err.Error() }

func (e *proxyError) Unwrap() error { return e.err }

func acceptProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{
			status: resp.StatusCode, err: errors.New("the proxy answers CONNECT with status " + http.StatusText(resp.StatusCode)),
		}
	}
	return nil
}

// refusedBySOCKS recognises the no of a SOCKS proxy, which has no type in net/http (golang.org/x/net/internal/socks,
// Dialer.DialWithConn). Any other error is returned as it is.
func refusedBySOCKS(err error) error {
	var socks *net.OpError
	if !errors.As(err, &socks) || socks.Op != "socks connect" || socks.Timeout() || errors.Is(err, context.Canceled) {
		return err
	}
	status := http.StatusBadGateway
	if socks.Err != nil && strings.Contains(socks.Err.Error(), "authentication") {
		status = http.StatusProxyAuthRequired
	}
	return &proxyError{status: status, err: err}
}
