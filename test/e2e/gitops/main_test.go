// Package gitops_test lets Flux's own controllers apply, pin and pull at a real API server: manifests come as an artifact from a
// registry, kustomize-controller applies them every second, source-controller pulls what they name, and helm-controller installs it.
package gitops_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/stack"
)

// Flux and Fluxgate, started once. Each test has namespaces and repositories of its own.
var (
	world     *stack.Stack
	source    *fluxcontrollers.Source
	kustomize *fluxcontrollers.Process
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	log.SetLogger(logr.Discard()) // controller-runtime's client complains without one
	ctx := context.Background()
	world, err = stack.Start(ctx, stack.Options{Flux: controlplane.Released, Policies: []string{"testdata/policies"}})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.Stop()) }()
	if source, err = fluxcontrollers.StartSource(ctx, world.ControlPlane, world.Proxy.URL(), world.Registry.CA()); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, source.Stop()) }()
	if kustomize, err = fluxcontrollers.StartKustomize(ctx, world.ControlPlane); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, kustomize.Stop()) }()
	helm, err := fluxcontrollers.StartHelm(ctx, world.ControlPlane)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, helm.Stop()) }()
	if err := world.CreateNamespace(ctx, "fleets", nil); err != nil { // where nothing is judged
		return 1, err
	}
	return m.Run(), nil
}
