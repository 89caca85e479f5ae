package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fluxgate/fluxgate/test/stack"
)

// options say where the demo goes and how it ends.
type options struct {
	// Out gets the demo, Progress what is being done meanwhile.
	Out, Progress io.Writer
	// Keep leaves everything up after the last step, until the context ends.
	Keep bool
}

// run starts everything, plays all steps, and stops everything. It goes on after a step that did not go as expected, and
// names all such steps in its error.
func run(ctx context.Context, o options) (err error) {
	// The stack ends by its own Stop, in order; a context that ended first would take the API server from under Fluxgate.
	world, err := stack.Start(context.WithoutCancel(ctx), stack.Options{
		Policies: []string{policies},
		Progress: func(format string, args ...any) { fmt.Fprintf(o.Progress, "· "+format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(o.Progress, "· stopping everything")
		if stopErr := world.Stop(); ctx.Err() == nil {
			err = errors.Join(err, stopErr) // Ctrl-C reaches the children too, which then end in any order
		}
	}()
	s := &stage{Stack: world, out: o.Out, digests: map[string]string{}}
	fmt.Fprintln(o.Progress, "· pushing artifacts and creating namespaces")
	if err := s.furnish(ctx); err != nil {
		return err
	}
	if err := s.play(ctx, steps()); err != nil {
		return err
	}
	if o.Keep {
		return s.keep(ctx)
	}
	return nil
}
