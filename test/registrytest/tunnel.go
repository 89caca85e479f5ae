package registrytest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// dial records what was asked for, and connects to where it leads.
func (p *Proxy) dial(asked string) (net.Conn, error) {
	p.mu.Lock()
	p.asked = append(p.asked, asked)
	address := p.routes[withPort(canonical(asked))]
	p.mu.Unlock()
	if address == "" {
		return nil, fmt.Errorf("registrytest: %s leads nowhere", asked)
	}
	upstream, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("registrytest: %s does not answer", asked)
	}
	p.keep(upstream)
	return upstream, nil
}

func (p *Proxy) keep(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[conn] = true
}

func (p *Proxy) drop(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
	_ = conn.Close() // the other side may have
}

// tunnel copies both ways until one side ends.
func tunnel(client net.Conn, buffered io.Reader, upstream net.Conn) {
	ended := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(upstream, buffered) // its end is all that matters
		ended <- struct{}{}
	}()
	go func() {
		_, _ = io.Copy(client, upstream)
		ended <- struct{}{}
	}()
	<-ended
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
