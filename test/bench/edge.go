package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// network is the way to the registry, until it is cut.
type network struct {
	registry *registrytest.Registry
	isCut    atomic.Bool
	// missed is how often somebody wanted to go out after that.
	missed atomic.Int64
}

var errCut = errors.New("the network is cut: a warm review asks nobody")

// lookup stands in for DNS: dial ends on loopback whatever the address.
func (n *network) lookup(context.Context, string) ([]netip.Addr, error) {
	if n.isCut.Load() {
		n.missed.Add(1)
		return nil, errCut
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, 1})}, nil
}

func (n *network) dial(ctx context.Context, proto, address string) (net.Conn, error) {
	if n.isCut.Load() {
		n.missed.Add(1)
		return nil, errCut
	}
	return n.registry.Dial(ctx, proto, address)
}

// cut lets nobody dial any more; what goes over a connection that is still open shows in the registry's log.
func (n *network) cut() {
	n.registry.Forget()
	n.isCut.Store(true)
}

// quiet is an error where somebody went out, or wanted to, since the network was cut.
func (n *network) quiet() error {
	asked := n.registry.Requests()
	if missed := n.missed.Load(); missed > 0 || len(asked) > 0 {
		return fmt.Errorf("warm reviews wanted to dial %d times, and sent the registry %v", missed, asked)
	}
	return nil
}

// newCertificate makes a self-signed certificate.
func newCertificate() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
