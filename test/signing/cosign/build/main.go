// Command build puts the command line of cosign into bin/cosign, for the tests. It does nothing where it is there already and
// its sources are the same.
package main

import (
	"context"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() { gobuild.Main(build) }

func build(ctx context.Context, root string) error {
	binary := assets.Cosign(root)
	return gobuild.Module{
		Dir:     filepath.Join(root, "test", "signing", "cosign", "binaries"),
		Out:     filepath.Dir(binary),
		Notice:  "building the command line of cosign, once: about 3 minutes on 2 cores",
		Targets: []gobuild.Target{{Name: filepath.Base(binary), Package: "github.com/sigstore/cosign/v3/cmd/cosign"}},
	}.Ensure(ctx)
}
