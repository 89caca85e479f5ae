// Package stack runs all of Fluxgate's world on loopback: a real control plane with Flux's CRDs, an OCI registry over TLS
// under real host names, and the real fluxgate binary with the shipped roles and webhook configurations. The end-to-end
// tests, the demo and nothing else use it.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Hosts are the names under which the stack's registry is reached, through the proxy.
func Hosts() []string {
	return []string{
		"ghcr.io", "index.docker.io", "registry.example.com", "evil.example.com", "harbor.example.com", "registry.gitlab.com", "quay.io",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "europe-docker.pkg.dev", "acme.azurecr.io",
		"hub.example.com",
	}
}

// Options say what to start.
type Options struct {
	// Flux selects the CRDs.
	Flux controlplane.Flux
	// Audit makes the API server keep an audit log.
	Audit bool
	// Policies are files or directories for --policy; empty means the built-in default policy, unless ClusterPolicies.
	Policies []string
	// ClusterPolicies makes Fluxgate read policies from the cluster too, as it does where nobody says otherwise.
	ClusterPolicies bool
	// Arguments are given to Fluxgate beside those that it always gets.
	Arguments []string
	// Log receives what Fluxgate logs; nil means a file in the stack's folder, which errors quote.
	Log io.Writer
	// Progress is told what is being started; nil means nobody.
	Progress func(format string, args ...any)
}

// Stack is a running world. It must be stopped.
type Stack struct {
	*controlplane.ControlPlane
	Registry *registrytest.Registry
	Proxy    *registrytest.Proxy
	// Fluxgate is the running binary.
	Fluxgate *Process

	dir  string
	once sync.Once
	err  error
}

// Start returns when a review can be answered.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	dir, err := os.MkdirTemp("", "fluxgate-stack-")
	if err != nil {
		return nil, err
	}
	s := &Stack{dir: dir}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o Options) error {
	var err error
	o.Progress("starting an OCI registry over TLS, known as %s and others", Hosts()[0])
	if s.Registry, err = registrytest.New(Hosts()...); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	if s.Proxy, err = registrytest.NewProxy(s.Registry); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	o.Progress("starting etcd and kube-apiserver, with Flux's CRDs")
	if s.ControlPlane, err = controlplane.Start(ctx, controlplane.Options{Flux: o.Flux, Audit: o.Audit}); err != nil {
		return err
	}
	o.Progress("installing deploy/base and starting fluxgate serve")
	if s.Fluxgate, err = s.startFluxgate(ctx, o); err != nil {
		return err
	}
	return s.untilCalled(ctx)
}

// Stop ends everything. It may be called more than once.
func (s *Stack) Stop() error {
	s.once.Do(func() {
		if s.Fluxgate != nil {
			s.err = s.Fluxgate.Stop()
		}
		if s.ControlPlane != nil {
			s.err = errors.Join(s.err, s.ControlPlane.Stop())
		}
		if s.Proxy != nil {
			s.err = errors.Join(s.err, s.Proxy.Close())
		}
		if s.Registry != nil {
			s.err = errors.Join(s.err, s.Registry.Close())
		}
		s.err = errors.Join(s.err, os.RemoveAll(s.dir))
	})
	return s.err
}

// file writes a file into the stack's folder.
func (s *Stack) file(name string, content []byte) (string, error) {
	path := filepath.Join(s.dir, name)
	return path, os.WriteFile(path, content, 0o600)
}
