package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

// Options say what to start. The zero value is a control plane with Flux's released CRDs.
type Options struct {
	// Flux selects the CRDs.
	Flux Flux
	// Audit makes the API server keep an audit log; see ControlPlane.AuditEvents.
	Audit bool
	// Output receives what etcd and kube-apiserver print; nil discards it.
	Output io.Writer
}

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Config is the administrator's; its client-side rate limit is off.
	Config *rest.Config
	// Kubeconfig is a file with the same, Kubectl a kubectl of the API server's version.
	Kubeconfig, Kubectl string

	environment *envtest.Environment
	ports       *ports
	dir         string
	stop        func() error
}

// Start returns when the API server answers and serves Flux's kinds. The control plane runs until Stop is called or ctx ends.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	binaries, err := assets.Locate(os.Getenv(assets.Variable))
	if err != nil {
		return nil, err
	}
	crds, err := fluxCRDs(ctx, options.Flux)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "fluxgate-controlplane-")
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{Kubectl: binaries.Kubectl, dir: dir}
	c.stop = sync.OnceValue(c.stopAll)
	if c.ports, err = holdPorts(); err == nil {
		c.environment, err = newEnvironment(dir, binaries, c.ports, options)
	}
	if err == nil {
		c.environment.CRDs = crds
		c.Config, err = c.environment.Start()
	}
	if err == nil {
		c.Config.QPS = -1
		c.Kubeconfig, err = c.writeKubeconfig("admin", c.Config)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("control plane: %w", err), c.Stop())
	}
	context.AfterFunc(ctx, func() { _ = c.stop() }) // Stop returns its error
	return c, nil
}

// FreeAddress is one on loopback, "127.0.0.1:20001", for a process beside the control plane to listen on. Nobody else is given it
// while the control plane runs.
func (c *ControlPlane) FreeAddress() (string, error) { return c.ports.free() }

// Stop ends both processes and removes every file. It may be called more than once.
func (c *ControlPlane) Stop() error { return c.stop() }

func (c *ControlPlane) stopAll() error {
	var err error
	if c.environment != nil {
		err = c.environment.Stop()
	}
	if c.ports != nil {
		err = errors.Join(err, c.ports.held.Close())
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}

// newEnvironment prepares etcd and kube-apiserver to keep all their files below dir. envtest turns fsync off in etcd, RBAC
// on, and gives the API server a key to sign ServiceAccount tokens with.
func newEnvironment(dir string, binaries assets.Binaries, free *ports, options Options) (*envtest.Environment, error) {
	etcdPath, err := Leash(dir, binaries.Etcd)
	if err != nil {
		return nil, err
	}
	serverPath, err := Leash(dir, binaries.APIServer)
	if err != nil {
		return nil, err
	}
	certs := filepath.Join(dir, "kube-apiserver.certs")
	if err := os.Mkdir(certs, 0o700); err != nil {
		return nil, err
	}
	own := false
	e := &envtest.Environment{
		UseExistingCluster:       &own,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	e.ControlPlane.KubectlPath = binaries.Kubectl
	e.ControlPlane.Etcd = &envtest.Etcd{
		Path: etcdPath, DataDir: filepath.Join(dir, "etcd.data"), Out: options.Output, Err: options.Output,
	}
	server := e.ControlPlane.GetAPIServer()
	if err := free.place(e.ControlPlane.Etcd, server); err != nil {
		return nil, err
	}
	server.Path, server.CertDir = serverPath, certs
	server.Out, server.Err = options.Output, options.Output
	if options.Audit {
		return e, enableAudit(server, dir)
	}
	return e, nil
}

// Root is the root of the repository, at or above the working directory.
func Root() (string, error) { return assets.Root() }
