// Command build puts the binaries of the control plane into bin/controlplane and Flux's CRDs into the module cache, so that
// no test has to wait for either. It does nothing where they are there already and their sources are the same, and only
// checks where KUBEBUILDER_ASSETS names a folder of ready-made binaries.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
	"github.com/fluxgate/fluxgate/test/gobuild"
)

func main() { gobuild.Main(build) }

func build(ctx context.Context, root string) error {
	module := filepath.Join(root, "test", "controlplane")
	if err := gobuild.Command(ctx, "Flux's CRDs", filepath.Join(module, "fluxcrds"), "mod", "download", "-x",
		"github.com/fluxcd/source-controller", "github.com/fluxcd/helm-controller", "github.com/fluxcd/kustomize-controller"); err != nil {
		return err
	}
	if ready := os.Getenv(assets.Variable); ready != "" {
		_, err := assets.Locate(ready)
		return err
	}
	binaries := filepath.Join(module, "binaries")
	return gobuild.Module{
		Dir:    binaries,
		Out:    assets.Dir(root),
		Notice: "building the control plane, once: about 5 minutes on 2 cores",
		Targets: []gobuild.Target{
			{Name: "etcd", Package: "go.etcd.io/etcd/server/v3"},
			{Name: "kube-apiserver", Package: "./kube-apiserver"},
			{Name: "kubectl", Package: "./kubectl"},
		},
		LinkerFlags: func(ctx context.Context) (string, error) { return linkerFlags(ctx, binaries) },
	}.Ensure(ctx)
}

// linkerFlags give the binaries a version: kubectl refuses to talk to an API server that cannot tell its own.
func linkerFlags(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	cmd.Dir, cmd.Stderr = module, os.Stderr
	version, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("version of k8s.io/kubernetes: %w", err)
	}
	return "-s -w -X k8s.io/component-base/version.gitVersion=" + strings.TrimSpace(string(version)), nil
}
