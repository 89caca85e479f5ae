package gobuild

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

// Main is the main function of a command that builds: it ends with Ctrl-C, and tells an error by its exit code. build gets the
// root of the repository.
func Main(build func(ctx context.Context, root string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	root, err := assets.Root()
	if err == nil {
		err = build(ctx, root)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
