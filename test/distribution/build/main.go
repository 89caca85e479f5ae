// Command build puts the CNCF distribution registry into bin/distribution, for the tests. It does nothing where it is there
// already and its sources are the same.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := assets.Root()
	if err != nil {
		return err
	}
	binary := assets.Registry(root)
	return gobuild.Module{
		Dir:     filepath.Join(root, "test", "distribution", "binaries"),
		Out:     filepath.Dir(binary),
		Notice:  "building the CNCF distribution registry, once: about 75 seconds on 2 cores",
		Targets: []gobuild.Target{{Name: filepath.Base(binary), Package: "github.com/distribution/distribution/v3/cmd/registry"}},
	}.Ensure(ctx)
}
