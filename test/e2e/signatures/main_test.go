// Package signatures_test shows, at a real API server, that an artifact gets in only with the signatures that its object and the
// policies ask for, and that the digest which was verified is the one that is stored.
package signatures_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/test/stack"
)

var (
	// world is started once.
	world *stack.Stack
	// flux verifies beside it what it is left to.
	flux *fluxcontrollers.Source
	// sigstore is the one that --trusted-root trusts, and stranger another one.
	sigstore, stranger *signing.Authority
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
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil { // the tests wait for servers, not for the processor
		return 1, err
	}
	dir, err := os.MkdirTemp("", "fluxgate-signatures-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := trust(dir)
	if err != nil {
		return 1, err
	}
	world, err = stack.Start(context.Background(), stack.Options{
		Flux: controlplane.Released, ClusterPolicies: true, Arguments: []string{"--trusted-root", root},
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.Stop()) }()
	flux, err = fluxcontrollers.StartSource(context.Background(), world.ControlPlane, world.Proxy.URL(), world.Registry.CA())
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, flux.Stop()) }()
	return m.Run(), nil
}

// trust makes two sigstores, and writes the trusted root of the first.
func trust(dir string) (path string, err error) {
	if sigstore, err = signing.NewAuthority(); err != nil {
		return "", err
	}
	if stranger, err = signing.NewAuthority(); err != nil {
		return "", err
	}
	text, err := sigstore.TrustedRoot()
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "trusted_root.json")
	return path, os.WriteFile(path, text, 0o600)
}
