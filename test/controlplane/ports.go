package controlplane

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// The ports of control planes and what is started beside them. They lie below those that systems hand out by themselves (Linux:
// from 32768 on, others: from 49152 on), so that no listener on port 0 and no connection takes one between its choice and its use.
const (
	firstPort = 20000
	blocks    = 200
	blockSize = 50
)

// ports are a block of them. Its first one is held, so that no other block is the same, of whichever process.
type ports struct {
	held net.Listener

	mu   sync.Mutex
	last int
}

func holdPorts() (*ports, error) {
	begin := rand.IntN(blocks) //nolint:gosec // no secret: processes that start together had better not try the same
	var err error
	for i := range blocks {
		var held net.Listener
		if held, err = net.Listen("tcp", onLoopback(firstPort+(begin+i)%blocks*blockSize)); err == nil {
			return &ports{held: held}, nil
		}
	}
	return nil, fmt.Errorf("no block of ports is free: %w", err)
}

// free gives each port of the block in turn, but for those that are taken.
func (p *ports) free() (address string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range blockSize - 1 {
		p.last = p.last%(blockSize-1) + 1
		address := onLoopback(p.held.Addr().(*net.TCPAddr).Port + p.last)
		if listener, err := net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no port is free")
}

// place says where to listen. envtest would choose ports that anybody may be given before the processes listen.
func (p *ports) place(etcd *envtest.Etcd, server *envtest.APIServer) error {
	var addresses [3]string
	for i := range addresses {
		address, err := p.free()
		if err != nil {
			return err
		}
		addresses[i] = address
	}
	etcd.URL = &url.URL{Scheme: "http", Host: addresses[0]}
	etcd.Configure().Set("listen-peer-urls", "http://"+addresses[1])
	var err error
	server.SecureServing.Address, server.SecureServing.Port, err = net.SplitHostPort(addresses[2])
	return err
}

func onLoopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
