package controlplane

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

// Flux selects the CRDs of a control plane.
type Flux int

const (
	// Released are the CRDs as source-controller, helm-controller and kustomize-controller ship them, at the versions of
	// fluxcrds/go.mod.
	Released Flux = iota
	// Derived are the same, with what no module at hand ships: OCIRepository served as v1beta2 too, as source-controller
	// 1.6 and 1.7 do, and HelmRelease with the fields that helm-controller 1.7 adds. See derive.
	Derived
)

// fluxModules are the modules whose config/crd/bases hold the CRDs.
func fluxModules() []string {
	return []string{
		"github.com/fluxcd/source-controller",
		"github.com/fluxcd/helm-controller",
		"github.com/fluxcd/kustomize-controller",
	}
}

// fluxCRDs reads the CRDs from the module cache, which `go mod download` fills where it has to.
func fluxCRDs(ctx context.Context, flux Flux) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	root, err := assets.Root()
	if err != nil {
		return nil, err
	}
	dirs, err := download(ctx, filepath.Join(root, "test", "controlplane", "fluxcrds"), fluxModules())
	if err != nil {
		return nil, fmt.Errorf("flux CRDs: %w", err)
	}
	var crds []*apiextensionsv1.CustomResourceDefinition
	for _, dir := range dirs {
		found, err := readCRDs(filepath.Join(dir, "config", "crd", "bases"))
		if err != nil {
			return nil, fmt.Errorf("flux CRDs: %w", err)
		}
		crds = append(crds, found...)
	}
	if flux == Derived {
		return crds, derive(crds)
	}
	return crds, nil
}

// download returns the folders of modules, at the versions that the go.mod in dir requires.
func download(ctx context.Context, dir string, modules []string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"mod", "download", "-json"}, modules...)...) //nolint:gosec // fixed arguments
	cmd.Dir = dir
	var out, diagnostics bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	failed := cmd.Run()
	var dirs []string
	for decoder := json.NewDecoder(&out); ; {
		var module struct{ Path, Dir, Error string }
		if err := decoder.Decode(&module); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		if module.Error != "" {
			return nil, fmt.Errorf("go mod download %s: %s", module.Path, module.Error)
		}
		dirs = append(dirs, module.Dir)
	}
	if failed != nil {
		return nil, fmt.Errorf("go mod download: %w: %s", failed, bytes.TrimSpace(diagnostics.Bytes()))
	}
	return dirs, nil
}

func readCRDs(dir string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s holds no *.yaml", dir))
	}
	slices.Sort(paths)
	crds := make([]*apiextensionsv1.CustomResourceDefinition, 0, len(paths))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(data, crd); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		crds = append(crds, crd)
	}
	return crds, nil
}
