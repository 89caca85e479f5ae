// Command build puts the binaries of the control plane into bin/controlplane and Flux's CRDs into the module cache, so that
// no test has to wait for either. It does nothing where they are there already and their sources are the same, and only
// checks where KUBEBUILDER_ASSETS names a folder of ready-made binaries.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
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
	module := filepath.Join(root, "test", "controlplane")
	if err := goCommand(ctx, "Flux's CRDs", filepath.Join(module, "fluxcrds"), "mod", "download", "-x",
		"github.com/fluxcd/source-controller", "github.com/fluxcd/helm-controller", "github.com/fluxcd/kustomize-controller"); err != nil {
		return err
	}
	if ready := os.Getenv(assets.Variable); ready != "" {
		_, err := assets.Locate(ready)
		return err
	}
	return ensure(ctx, filepath.Join(module, "binaries"), assets.Dir(root))
}
