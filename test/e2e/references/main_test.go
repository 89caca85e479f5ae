// Package references_test shows, at a real API server, that a source is held to the policies of every namespace that refers
// to it.
package references_test

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

// world is started once.
var world *stack.Stack

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
	world, err = stack.Start(context.Background(), stack.Options{
		Flux: controlplane.Released, Policies: []string{"testdata/policies"},
	})
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.Stop()) }()
	return m.Run(), nil
}
