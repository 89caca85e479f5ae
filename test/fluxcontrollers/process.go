package fluxcontrollers

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
	// readyIn is how long a controller may take to start on a busy machine.
	readyIn = 60 * time.Second
	// label marks the objects that they reconcile.
	label = "fluxgate.test/reconciled-by"
	value = "flux"
)

// Mark makes the controllers reconcile an object.
func Mark(obj client.Object) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[label] = value
	obj.SetLabels(labels)
}

// Process is a running controller. It must be stopped, and does not outlive the process that started it.
type Process struct {
	name, dir, health string

	command *exec.Cmd
	exited  chan struct{} // closed when ended is known
	ended   error
}

// run starts a controller as an administrator of the control plane, with arguments and variables beside those that all have, and
// returns when it is ready. prepare is given its folder.
func run(
	ctx context.Context, name string, in *controlplane.ControlPlane, prepare func(dir string) (arguments, variables []string, err error),
) (*Process, error) {
	root, err := assets.Root()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(assets.FluxControllers(root), name)
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w; `make fluxcontrollers` makes it", err)
	}
	p := &Process{name: name, exited: make(chan struct{})}
	if p.dir, err = os.MkdirTemp("", "fluxgate-"+name+"-"); err != nil {
		return nil, err
	}
	if err := p.start(ctx, binary, in, prepare); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Process) start(
	ctx context.Context, binary string, in *controlplane.ControlPlane, prepare func(dir string) (arguments, variables []string, err error),
) error {
	script, err := controlplane.Leash(p.dir, binary)
	if err != nil {
		return err
	}
	arguments, variables, err := prepare(p.dir)
	if err != nil {
		return err
	}
	if p.health, err = in.FreeAddress(); err != nil {
		return err
	}
	log, err := os.Create(p.log())
	if err != nil {
		return err
	}
	defer log.Close()
	p.command = exec.Command(script, append(arguments, //nolint:gosec // the controller that we built, ended by Stop
		"--watch-label-selector", label+"="+value, "--metrics-addr", "127.0.0.1:0", "--health-addr", p.health)...)
	p.command.Env = append(append(os.Environ(), variables...),
		"HOME="+p.dir, "TMPDIR="+p.dir, "KUBECONFIG="+in.Kubeconfig, "RUNTIME_NAMESPACE=flux-system")
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		p.command = nil
		return fmt.Errorf("%s: %w", p.name, err)
	}
	go func() {
		p.ended = p.command.Wait()
		close(p.exited)
	}()
	return p.waitReady(ctx)
}

func (p *Process) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended before it was ready: %w\n%s", p.name, p.ended, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, ctx.Err(), p.Log())
		case <-time.After(50 * time.Millisecond):
		}
		if p.ready(ctx) {
			return nil
		}
	}
}

func (p *Process) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.health+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

func (p *Process) log() string { return filepath.Join(p.dir, p.name+".log") }

// Log is what the process has logged.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop ends the process and removes its files.
func (p *Process) Stop() error {
	var err error
	if p.command != nil {
		if err = p.command.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			err = nil
		}
		select {
		case <-p.exited:
		case <-time.After(30 * time.Second):
			err = errors.Join(err, fmt.Errorf("%s did not end in 30 s and was killed", p.name), p.command.Process.Kill())
		}
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}
