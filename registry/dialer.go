package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// maxAddresses limits how many addresses of one name are tried.
const maxAddresses = 8

// dialer resolves a name once, judges each address, and dials those that are permitted: a name that resolves to something
// else a moment later (DNS rebinding) is not looked up again.
type dialer struct {
	guard   guard
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	timeout time.Duration
}

func newDialer(o Options, g guard) *dialer {
	d := &dialer{guard: g, lookup: o.Lookup, dial: o.Dial, timeout: o.RequestTimeout}
	if d.dial == nil {
		d.dial = (&net.Dialer{Control: g.control}).DialContext
	}
	return d
}

// DialContext connects to the first permitted address that answers. Its error is a *refusedError where none is permitted.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	// http.Transport lets a dial outlive the request that wanted it, so the deadline of the request is not enough.
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := d.permitted(ctx, host)
	if err != nil {
		return nil, err
	}
	var failures []error
	for i, addr := range addresses {
		// Each address gets its share of the time that is left, as in net.Dialer.
		conn, err := d.dialOne(ctx, network, net.JoinHostPort(addr.String(), port), len(addresses)-i)
		switch {
		case err == nil && d.guard.proxy: // the proxy's address says nothing of the registry's
			return conn, nil
		case err == nil:
			return judgedConn{Conn: conn, addr: addr}, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// judgedConn is a connection to an address that the guard permitted.
type judgedConn struct {
	net.Conn
	addr netip.Addr
}

// isPrivate reports whether a connection, with TLS or without, leads to a private address. One that nobody judged does not.
func isPrivate(conn net.Conn) bool {
	if secured, over := conn.(*tls.Conn); over {
		conn = secured.NetConn()
	}
	judged, known := conn.(judgedConn)
	return known && private(judged.addr)
}

func (d *dialer) dialOne(ctx context.Context, network, address string, shares int) (net.Conn, error) {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(shares))
	defer cancel()
	return d.dial(ctx, network, address)
}

// permitted returns at least one address, or an error.
func (d *dialer) permitted(ctx context.Context, host string) ([]netip.Addr, error) {
	var found []netip.Addr
	if literal, err := netip.ParseAddr(host); err == nil {
		found = append(found, literal)
	} else if found, err = d.lookup(ctx, host); err != nil {
		return nil, err
	}
	var permitted []netip.Addr
	var refused error
	for _, addr := range found {
		addr = addr.Unmap()
		if err := d.guard.check(addr); err != nil {
			refused = err
			continue
		}
		permitted = append(permitted, addr)
	}
	switch {
	case len(permitted) > 0:
		return permitted[:min(len(permitted), maxAddresses)], nil
	case refused != nil:
		return nil, refused
	default:
		return nil, fmt.Errorf("host %q has no address", host)
	}
}

// control judges the address once more when the socket exists (net.Dialer.Control).
func (g guard) control(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return g.check(addr.Addr())
}
