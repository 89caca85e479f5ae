package fluxcontrollers

import (
	"context"
	"os"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// Source is a running source-controller.
type Source struct{ *Process }

// StartSource starts a source-controller. It reaches registries through a proxy (its URL), and trusts the authorities, in PEM, as
// those of a system.
func StartSource(ctx context.Context, in *controlplane.ControlPlane, proxy string, authorities []byte) (*Source, error) {
	artifacts, err := in.FreeAddress()
	if err != nil {
		return nil, err
	}
	p, err := run(ctx, "source-controller", in, func(dir string) (arguments, variables []string, err error) {
		trusted, storage := filepath.Join(dir, "authorities.pem"), filepath.Join(dir, "storage")
		if err := os.WriteFile(trusted, authorities, 0o600); err != nil {
			return nil, nil, err
		}
		arguments = []string{"--concurrent", "8", "--storage-path", storage, "--storage-addr", artifacts, "--storage-adv-addr", artifacts}
		variables = []string{
			"SSL_CERT_FILE=" + trusted, "SSL_CERT_DIR=/none", "HTTPS_PROXY=" + proxy, "HTTP_PROXY=" + proxy, "NO_PROXY=127.0.0.0/8",
		}
		return arguments, variables, os.Mkdir(storage, 0o700)
	})
	if err != nil {
		return nil, err
	}
	return &Source{p}, nil
}

// StartKustomize starts a kustomize-controller, which gets its artifacts of a source-controller.
func StartKustomize(ctx context.Context, in *controlplane.ControlPlane) (*Process, error) {
	return run(ctx, "kustomize-controller", in, alone)
}

// StartHelm starts a helm-controller, which gets its charts of a source-controller.
func StartHelm(ctx context.Context, in *controlplane.ControlPlane) (*Process, error) {
	return run(ctx, "helm-controller", in, alone)
}

// alone is a controller that talks to the control plane and the source-controller only. It looks again in a second for an artifact
// that is not there yet, not in half a minute.
func alone(string) (arguments, variables []string, err error) {
	return []string{"--requeue-dependency", "1s"}, []string{"NO_PROXY=127.0.0.0/8"}, nil
}
