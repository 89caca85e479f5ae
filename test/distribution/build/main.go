// Command build puts the CNCF distribution registry into bin/distribution, for the tests. It does nothing where it is there
// already and its sources are the same.
package main

import (
	"context"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() { gobuild.Main(build) }

func build(ctx context.Context, root string) error {
	binary := assets.Registry(root)
	return gobuild.Module{
		Dir:     filepath.Join(root, "test", "distribution", "binaries"),
		Out:     filepath.Dir(binary),
		Notice:  "building the CNCF distribution registry, once: about 75 seconds on 2 cores",
		Targets: []gobuild.Target{{Name: filepath.Base(binary), Package: "github.com/distribution/distribution/v3/cmd/registry"}},
	}.Ensure(ctx)
}
