package sourcecontroller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

const (
	// readyIn is how long it may take to start on a busy machine.
	readyIn = 60 * time.Second
	// label marks the objects that it reconciles.
	label = "fluxgate.test/reconciled-by"
	value = "source-controller"
)

// Options say how it reaches what is beside it.
type Options struct {
	// ControlPlane is where its objects are. It is an administrator there.
	ControlPlane *controlplane.ControlPlane
	// Proxy is the URL of the proxy that leads to the registries.
	Proxy string
	// Authorities are the certificates, in PEM, of those whom it trusts, as a system does.
	Authorities []byte
}

// Controller is a running source-controller. It must be stopped, and does not outlive the process that started it.
type Controller struct {
	dir     string
	health  string
	command *exec.Cmd
	exited  chan struct{} // closed when ended is known
	ended   error
}

// Mark makes the controller reconcile an object.
func Mark(obj client.Object) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[label] = value
	obj.SetLabels(labels)
}

// Start returns when the controller is ready.
func Start(ctx context.Context, o Options) (*Controller, error) {
	root, err := assets.Root()
	if err != nil {
		return nil, err
	}
	binary := assets.SourceController(root)
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w; `make sourcecontroller` makes it", err)
	}
	dir, err := os.MkdirTemp("", "fluxgate-sourcecontroller-")
	if err != nil {
		return nil, err
	}
	c := &Controller{dir: dir, exited: make(chan struct{})}
	if err := c.start(ctx, o, binary); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Controller) start(ctx context.Context, o Options, binary string) error {
	script, err := controlplane.Leash(c.dir, binary)
	if err != nil {
		return err
	}
	authorities, storage := filepath.Join(c.dir, "authorities.pem"), filepath.Join(c.dir, "storage")
	if err := os.WriteFile(authorities, o.Authorities, 0o600); err != nil {
		return err
	}
	if err := os.Mkdir(storage, 0o700); err != nil {
		return err
	}
	if c.health, err = o.ControlPlane.FreeAddress(); err != nil {
		return err
	}
	log, err := os.Create(c.log())
	if err != nil {
		return err
	}
	defer log.Close()
	c.command = exec.Command(script, //nolint:gosec // the controller that we built, ended by Stop
		"--watch-label-selector", label+"="+value, "--concurrent", "8",
		"--metrics-addr", "127.0.0.1:0", "--health-addr", c.health,
		"--storage-path", storage, "--storage-addr", "127.0.0.1:0", "--storage-adv-addr", "127.0.0.1:0")
	c.command.Env = append(os.Environ(), "HOME="+c.dir, "TMPDIR="+c.dir, "KUBECONFIG="+o.ControlPlane.Kubeconfig, "RUNTIME_NAMESPACE=flux-system",
		"SSL_CERT_FILE="+authorities, "SSL_CERT_DIR=/none", "HTTPS_PROXY="+o.Proxy, "HTTP_PROXY="+o.Proxy, "NO_PROXY=127.0.0.0/8")
	c.command.Stdout, c.command.Stderr = log, log
	if err := c.command.Start(); err != nil {
		c.command = nil
		return fmt.Errorf("source-controller: %w", err)
	}
	go func() {
		c.ended = c.command.Wait()
		close(c.exited)
	}()
	return c.waitReady(ctx)
}

func (c *Controller) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		select {
		case <-c.exited:
			return fmt.Errorf("source-controller ended before it was ready: %w\n%s", c.ended, c.Log())
		case <-ctx.Done():
			return fmt.Errorf("source-controller is not ready: %w\n%s", ctx.Err(), c.Log())
		case <-time.After(50 * time.Millisecond):
		}
		if c.ready(ctx) {
			return nil
		}
	}
}

func (c *Controller) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.health+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func (c *Controller) log() string { return filepath.Join(c.dir, "source-controller.log") }

// Log is what the process has logged.
func (c *Controller) Log() string {
	text, err := os.ReadFile(c.log())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop ends the process and removes its files.
func (c *Controller) Stop() error {
	var err error
	if c.command != nil {
		if err = c.command.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			err = nil
		}
		select {
		case <-c.exited:
		case <-time.After(30 * time.Second):
			err = errors.Join(err, errors.New("source-controller did not end in 30 s and was killed"), c.command.Process.Kill())
		}
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}
