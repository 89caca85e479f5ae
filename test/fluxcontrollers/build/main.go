// Command build puts Flux's source-controller into bin/sourcecontroller, for the tests. It does nothing where it is there already
// and its sources are the same.
package main

import (
	"context"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() { gobuild.Main(build) }

func build(ctx context.Context, root string) error {
	binary := assets.SourceController(root)
	return gobuild.Module{
		Dir:     filepath.Join(root, "test", "controlplane", "fluxcrds"), // the version whose CRDs the control plane has
		Out:     filepath.Dir(binary),
		Notice:  "building Flux's source-controller, once: about 3 minutes on 2 cores",
		Targets: []gobuild.Target{{Name: filepath.Base(binary), Package: "github.com/fluxcd/source-controller"}},
	}.Ensure(ctx)
}
