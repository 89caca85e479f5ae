package registrytest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
)

// The bytes of SOCKS5 that the proxy speaks: https://www.rfc-editor.org/rfc/rfc1928, rfc1929 for passwords.
const (
	socksVersion, passwordVersion   = 5, 1
	noLogin, withPassword           = 0, 2
	noMethod                        = 0xff
	connect, byName                 = 1, 3
	succeeded, hostIsUnreachable    = 0, 4
	passwordIsGood, passwordIsWrong = 0, 1
)

var errSocks = errors.New("registrytest: not a SOCKS5 request for a name")

// SOCKS makes the proxy listen at another port, too, where clients speak SOCKS5 to it. It returns the URL.
func (p *Proxy) SOCKS() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	p.socks = listener
	p.mu.Unlock()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go p.serveSOCKS(client)
		}
	}()
	return "socks5://" + listener.Addr().String(), nil
}

func (p *Proxy) serveSOCKS(client net.Conn) {
	p.keep(client)
	defer p.drop(client)
	buffered := bufio.NewReader(client)
	if err := p.greet(client, buffered); err != nil {
		return
	}
	asked, err := readConnect(buffered)
	if err != nil {
		return
	}
	upstream, err := p.dial(asked)
	reply := []byte{socksVersion, succeeded, 0, 1, 0, 0, 0, 0, 0, 0}
	if err != nil {
		reply[1] = hostIsUnreachable
	}
	if _, writeErr := client.Write(reply); err != nil || writeErr != nil {
		return
	}
	defer p.drop(upstream)
	tunnel(client, buffered, upstream)
}

// greet agrees on a way to log in, and lets the client in.
func (p *Proxy) greet(client io.Writer, r *bufio.Reader) error {
	if err := expect(r, socksVersion); err != nil {
		return err
	}
	offered, err := readField(r)
	if err != nil {
		return err
	}
	wanted, method := p.wanted(), byte(noLogin)
	if wanted != nil {
		method = withPassword
	}
	for _, offer := range []byte(offered) {
		if offer != method {
			continue
		}
		if _, err := client.Write([]byte{socksVersion, method}); err != nil || wanted == nil {
			return err
		}
		return p.checkPassword(client, r)
	}
	_, err = client.Write([]byte{socksVersion, noMethod})
	return errors.Join(errSocks, err)
}

func (p *Proxy) checkPassword(client io.Writer, r *bufio.Reader) error {
	if err := expect(r, passwordVersion); err != nil {
		return err
	}
	user, err := readField(r)
	if err != nil {
		return err
	}
	password, err := readField(r)
	if err != nil {
		return err
	}
	wanted := p.wanted()
	if right, _ := wanted.Password(); user != wanted.Username() || password != right {
		_, err = client.Write([]byte{passwordVersion, passwordIsWrong})
		return errors.Join(errSocks, err)
	}
	_, err = client.Write([]byte{passwordVersion, passwordIsGood})
	return err
}

// readConnect returns the host:port of a request to connect to a name.
func readConnect(r *bufio.Reader) (string, error) {
	if err := expect(r, socksVersion, connect, 0, byName); err != nil {
		return "", err
	}
	host, err := readField(r)
	if err != nil {
		return "", err
	}
	var port uint16
	if err := binary.Read(r, binary.BigEndian, &port); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port))), nil
}

func expect(r *bufio.Reader, want ...byte) error {
	for _, w := range want {
		if got, err := r.ReadByte(); err != nil || got != w {
			return errors.Join(errSocks, err)
		}
	}
	return nil
}

// readField reads a length and as many bytes.
func readField(r *bufio.Reader) (string, error) {
	length, err := r.ReadByte()
	if err != nil {
		return "", err
	}
	field := make([]byte, length)
	_, err = io.ReadFull(r, field)
	return string(field), err
}
