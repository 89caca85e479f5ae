package cosign

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

// CLI is the command line at work in a folder of its own, without a network but for a proxy. It asks for no confirmation, and
// its keys have no password.
type CLI struct {
	binary, dir, proxy, authorities string
}

// New finds the command line. Its keys stand in dir. Registries are reached through a proxy (its URL), and their certificates
// are by the authorities in PEM.
func New(dir, proxy string, authorities []byte) (CLI, error) {
	root, err := assets.Root()
	if err != nil {
		return CLI{}, err
	}
	c := CLI{binary: assets.Cosign(root), dir: dir, proxy: proxy, authorities: filepath.Join(dir, "ca.crt")}
	if _, err := os.Stat(c.binary); err != nil {
		return CLI{}, fmt.Errorf("%w; `make cosign` makes it", err)
	}
	return c, os.WriteFile(c.authorities, authorities, 0o600)
}

// GenerateKey makes a key pair as cosign does by itself, and returns the public key in PEM.
func (c CLI) GenerateKey(ctx context.Context, name string) ([]byte, error) {
	return c.key(ctx, name, "generate-key-pair", "--output-key-prefix", name)
}

// ImportKey takes a private key in PEM (PKCS #8), and returns the public key in PEM.
func (c CLI) ImportKey(ctx context.Context, name string, private []byte) ([]byte, error) {
	path := filepath.Join(c.dir, name+".pem")
	if err := os.WriteFile(path, private, 0o600); err != nil {
		return nil, err
	}
	return c.key(ctx, name, "import-key-pair", "--key", path, "--output-key-prefix", name)
}

func (c CLI) key(ctx context.Context, name string, args ...string) ([]byte, error) {
	if err := c.run(ctx, args...); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(c.dir, name+".pub"))
}

// SignBundle signs an artifact ("ghcr.io/acme/app@sha256:…") with a key, as cosign does by default, and tells no log of it.
func (c CLI) SignBundle(ctx context.Context, key, artifact string) error {
	return c.sign(ctx, key, artifact, "--new-bundle-format=true")
}

// SignLegacy signs as cosign did before version 3.
func (c CLI) SignLegacy(ctx context.Context, key, artifact string) error {
	return c.sign(ctx, key, artifact, "--new-bundle-format=false")
}

func (c CLI) sign(ctx context.Context, key, artifact, form string) error {
	return c.run(ctx, "sign", "--key", key+".key", "--yes", "--tlog-upload=false", "--use-signing-config=false", form,
		"--registry-cacert", c.authorities, artifact)
}

func (c CLI) run(ctx context.Context, args ...string) error {
	command := exec.CommandContext(ctx, c.binary, args...) //nolint:gosec // the binary that we built
	command.Dir = c.dir
	command.Env = []string{"HOME=" + c.dir, "COSIGN_PASSWORD=", "HTTPS_PROXY=" + c.proxy, "HTTP_PROXY=" + c.proxy}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cosign %s: %w\n%s", args[0], err, said)
	}
	return nil
}
