package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fluxgate/fluxgate/test/controlplane/assets"
)

// ensure builds the module's binaries into out unless they are there and were built from the same files.
func ensure(ctx context.Context, module, out string) error {
	want, err := fingerprint(module)
	if err != nil {
		return err
	}
	record := filepath.Join(out, "built-from")
	if got, err := os.ReadFile(record); err == nil && string(got) == want && assets.In(out).Missing() == "" {
		return nil
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "building the control plane, once: about 5 minutes on 2 cores")
	if err := build(ctx, module, assets.In(out)); err != nil {
		return err
	}
	return os.WriteFile(record, []byte(want), 0o600)
}

func build(ctx context.Context, module string, out assets.Binaries) error {
	version, err := kubernetesVersion(ctx, module)
	if err != nil {
		return err
	}
	// kubectl refuses to talk to an API server that cannot tell its version.
	flags := "-s -w -X k8s.io/component-base/version.gitVersion=" + version
	for _, target := range []struct{ path, pkg string }{
		{out.Etcd, "go.etcd.io/etcd/server/v3"},
		{out.APIServer, "./kube-apiserver"},
		{out.Kubectl, "./kubectl"},
	} {
		if err := goCommand(ctx, filepath.Base(target.path), module,
			"build", "-v", "-trimpath", "-ldflags", flags, "-o", target.path, target.pkg); err != nil {
			return err
		}
	}
	return nil
}

func kubernetesVersion(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	cmd.Dir, cmd.Stderr = module, os.Stderr
	version, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("version of k8s.io/kubernetes: %w", err)
	}
	return strings.TrimSpace(string(version)), nil
}

// fingerprint is a digest of every file of the module and of the Go version.
func fingerprint(module string) (string, error) {
	digest := sha256.New()
	fmt.Fprintln(digest, runtime.Version())
	tree := os.DirFS(module)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(digest, "%s %x\n", path, sha256.Sum256(content))
		return nil
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}
