// Command demo shows Fluxgate at work: a real API server with Flux's CRDs, a registry with artifacts, and the real binary
// with the shipped configuration. It applies the files in samples one by one, and prints each with the answer.
//
// It is a test as well: it ends with 1 where an answer is not the expected one. With --keep, or KEEP=1 in the environment,
// everything stays up until Ctrl-C.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

func main() {
	keep := flag.Bool("keep", asked(os.Getenv("KEEP")), "leave everything up until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := fromRoot(func() error {
		return run(ctx, options{Out: os.Stdout, Progress: os.Stderr, Keep: *keep})
	})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func asked(keep string) bool { return keep != "" && keep != "0" && keep != "false" }

// fromRoot runs the demo in the root of the repository, so that the commands that it prints can be typed there.
func fromRoot(run func() error) error {
	root, err := controlplane.Root()
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	return run()
}
