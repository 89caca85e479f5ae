// Package applyloop_test shows that pins survive what Flux and people do to objects, at a real API server.
package applyloop_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/stack"
)

// The two worlds, started once: Flux as it is released, and with what other releases of it serve.
var released, derived *stack.Stack

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
	if err := flag.Set("test.parallel", "32"); err != nil { // the tests wait for servers and for time, not for the processor
		return 1, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		var err error
		derived, err = start(ctx, controlplane.Derived)
		failed <- err
	}()
	released, err = start(ctx, controlplane.Released)
	err = errors.Join(err, <-failed)
	defer func() {
		for _, s := range []*stack.Stack{released, derived} {
			if s != nil {
				err = errors.Join(err, s.Stop())
			}
		}
	}()
	if err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func start(ctx context.Context, flux controlplane.Flux) (*stack.Stack, error) {
	return stack.Start(ctx, stack.Options{Flux: flux, Audit: true, Policies: []string{"testdata/policies"}})
}
