package distribution

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// readyIn is how long a registry may take to start on a busy machine.
const readyIn = 60 * time.Second

// Registry is a running registry. It must be stopped, and does not outlive the process that started it.
type Registry struct {
	// Pusher stores artifacts under any of the registry's names. It does not log in, and shows no certificate: where that is
	// asked for, push by another registry with the same storage.
	*registrytest.Pusher

	dir       string
	address   string
	transport *http.Transport
	command   *exec.Cmd
	exited    chan struct{} // closed when ended is known
	ended     error
}

// Start returns when the registry listens.
func Start(ctx context.Context, o Options) (*Registry, error) {
	root, err := assets.Root()
	if err != nil {
		return nil, err
	}
	binary := assets.Registry(root)
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w; `make registry` makes it", err)
	}
	dir, err := os.MkdirTemp("", "fluxgate-distribution-")
	if err != nil {
		return nil, err
	}
	r := &Registry{dir: dir, exited: make(chan struct{})}
	if err := r.start(ctx, o, binary); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

func (r *Registry) start(ctx context.Context, o Options, binary string) error {
	config, err := o.configure(r.dir)
	if err != nil {
		return err
	}
	script, err := controlplane.Leash(r.dir, binary)
	if err != nil {
		return err
	}
	if err := r.run(script, config); err != nil {
		return err
	}
	if r.address, err = r.listening(ctx); err != nil {
		return err
	}
	r.transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, r.address)
	}}
	if o.Authority != nil {
		r.transport.TLSClientConfig = &tls.Config{RootCAs: o.Authority.Pool(), MinVersion: tls.VersionTLS12}
	}
	r.Pusher = registrytest.NewPusher(remote.WithTransport(r.transport))
	return nil
}

// run starts the process. It writes its access log to stdout, the rest to stderr.
func (r *Registry) run(script, config string) error {
	access, err := os.Create(r.accessLog())
	if err != nil {
		return err
	}
	defer access.Close()
	log, err := os.Create(r.log())
	if err != nil {
		return err
	}
	defer log.Close()
	r.command = exec.Command(script, "serve", config) //nolint:gosec // the registry that we built, ended by Stop
	r.command.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none", "OTEL_TRACES_SAMPLER=always_off")
	r.command.Stdout, r.command.Stderr = access, log
	if err := r.command.Start(); err != nil {
		r.command = nil
		return fmt.Errorf("distribution: %w", err)
	}
	go func() {
		r.ended = r.command.Wait()
		close(r.exited)
	}()
	return nil
}

// listening waits for the line of the log that says where: "listening on 127.0.0.1:40001, tls".
func (r *Registry) listening(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		select {
		case <-r.exited:
			return "", fmt.Errorf("distribution ended before it listened: %w\n%s", r.ended, r.Log())
		case <-ctx.Done():
			return "", fmt.Errorf("distribution does not listen: %w\n%s", ctx.Err(), r.Log())
		case <-time.After(20 * time.Millisecond):
		}
		for line := range strings.Lines(r.Log()) {
			var entry struct {
				Message string `json:"msg"`
			}
			if json.Unmarshal([]byte(line), &entry) != nil {
				continue // still being written, or not of the logger
			}
			if address, found := strings.CutPrefix(entry.Message, "listening on "); found {
				return strings.TrimSuffix(address, ", tls"), nil
			}
		}
	}
}

// Addr is where it listens: a loopback address and a port.
func (r *Registry) Addr() string { return r.address }

// Log is what the process has logged, but for the access log.
func (r *Registry) Log() string {
	text, err := os.ReadFile(r.log())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (r *Registry) log() string       { return filepath.Join(r.dir, "registry.log") }
func (r *Registry) accessLog() string { return filepath.Join(r.dir, "access.log") }

// Stop ends the process and removes its files.
func (r *Registry) Stop() error {
	if r.transport != nil {
		r.transport.CloseIdleConnections()
	}
	var err error
	if r.command != nil {
		if err = r.command.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			err = fmt.Errorf("distribution ended by itself\n%s", r.Log())
		}
		<-r.exited // without a drain time it ends at once, by the signal
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}
