// Package assets knows where the binaries are that tests run: those of the control plane, and the registry. It needs the standard library only, so that the
// command that builds them starts at once.
package assets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Variable is how users of envtest name the folder of ready-made binaries.
const Variable = "KUBEBUILDER_ASSETS"

// modulePath identifies the root of the repository.
const modulePath = "github.com/fluxgate/fluxgate"

// Binaries are the paths of the three binaries.
type Binaries struct{ Etcd, APIServer, Kubectl string }

// In gives the paths below a folder, whether they exist or not.
func In(dir string) Binaries {
	return Binaries{filepath.Join(dir, "etcd"), filepath.Join(dir, "kube-apiserver"), filepath.Join(dir, "kubectl")}
}

// Missing gives the name of the first one that is not there; empty where all are.
func (b Binaries) Missing() string {
	for _, path := range []string{b.Etcd, b.APIServer, b.Kubectl} {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return filepath.Base(path)
		}
	}
	return ""
}

// Locate finds the binaries in ready, the value of Variable, or, where that is empty, where `make controlplane` puts them.
// An incomplete folder is an error that says how to mend it.
func Locate(ready string) (Binaries, error) {
	dir, remedy := ready, "unset "+Variable+" to use those that `make controlplane` builds"
	if dir == "" {
		root, err := Root()
		if err != nil {
			return Binaries{}, err
		}
		dir, remedy = Dir(root), "run `make controlplane`"
	}
	found := In(dir)
	if missing := found.Missing(); missing != "" {
		return Binaries{}, fmt.Errorf("control plane: %s is not in %s; %s", missing, dir, remedy)
	}
	return found, nil
}

// Dir is where `make controlplane` puts the binaries.
func Dir(root string) string { return filepath.Join(root, "bin", "controlplane") }

// Registry is where `make registry` puts the CNCF distribution registry.
func Registry(root string) string { return filepath.Join(root, "bin", "distribution", "registry") }

// Cosign is where `make cosign` puts the command line of cosign.
func Cosign(root string) string { return filepath.Join(root, "bin", "cosign", "cosign") }

// FluxControllers is where `make fluxcontrollers` puts Flux's controllers.
func FluxControllers(root string) string { return filepath.Join(root, "bin", "fluxcontrollers") }

// Root is the root of the repository, at or above the working directory: `go test` runs in the folder of the package.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("control plane: the working directory is not inside of the repository")
		}
		dir = parent
	}
}
