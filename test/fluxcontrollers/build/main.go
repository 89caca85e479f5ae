// Command build puts Flux's controllers into bin/fluxcontrollers, for the tests. It does nothing where they are there already and
// their sources are the same.
package main

import (
	"context"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() { gobuild.Main(build) }

func build(ctx context.Context, root string) error {
	module := gobuild.Module{
		Dir:    filepath.Join(root, "test", "controlplane", "fluxcrds"), // the versions whose CRDs the control plane has
		Out:    assets.FluxControllers(root),
		Notice: "building Flux's controllers, once: about 5 minutes on 2 cores",
	}
	for _, name := range []string{"source-controller", "kustomize-controller", "helm-controller"} {
		module.Targets = append(module.Targets, gobuild.Target{Name: name, Package: "github.com/fluxcd/" + name})
	}
	return module.Ensure(ctx)
}
