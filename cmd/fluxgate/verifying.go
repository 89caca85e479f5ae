package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/pflag"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/trustroot"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// trustFlags say which sigstore is trusted by default. Without any of them keyless signatures cannot be verified, but by a trusted
// root that a policy or a verify block brings.
type trustFlags struct {
	trustedRoot string
	tuf         string
	tufRoot     string
}

func (f *trustFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.trustedRoot, "trusted-root", "",
		"file with the sigstore trusted root (trusted_root.json) that keyless signatures are verified against")
	flags.StringVar(&f.tuf, "trusted-root-tuf", "",
		"URL of a TUF repository that has it, as https://tuf-repo-cdn.sigstore.dev, in the place of a file")
	flags.StringVar(&f.tufRoot, "trusted-root-tuf-root", "",
		"file with the root.json that vouches for that repository (default: that of sigstore's public-good instance)")
}

// check reports every setting that cannot be.
func (f *trustFlags) check() error {
	var all []error
	if f.trustedRoot != "" && f.tuf != "" {
		all = append(all, errors.New("--trusted-root and --trusted-root-tuf exclude each other: the trusted root is in a file, or in a repository"))
	}
	if f.tufRoot != "" && f.tuf == "" {
		all = append(all, errors.New("--trusted-root-tuf-root is for --trusted-root-tuf, which is not set"))
	}
	if at, err := url.Parse(f.tuf); f.tuf != "" && (err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http") {
		all = append(all, fmt.Errorf("--trusted-root-tuf: %q is no URL, use one like https://tuf-repo-cdn.sigstore.dev", f.tuf))
	}
	return errors.Join(all...)
}

// keeper keeps the trusted root up; nil where none is configured. A file must be good; a repository may be so later.
func (f *trustFlags) keeper(ctx context.Context) (*trustroot.Keeper, error) {
	switch {
	case f.trustedRoot != "":
		keeper := trustroot.New(trustroot.File(f.trustedRoot))
		if err := keeper.Refresh(ctx); err != nil {
			return nil, inputError{fmt.Errorf("--trusted-root: %w", err)}
		}
		return keeper, nil
	case f.tuf == "":
		return nil, nil
	}
	var anchor []byte
	if f.tufRoot != "" {
		var err error
		if anchor, err = os.ReadFile(f.tufRoot); err != nil {
			return nil, inputError{fmt.Errorf("--trusted-root-tuf-root: %w", err)}
		}
		if err := trustroot.CheckAnchor(anchor); err != nil {
			return nil, inputError{fmt.Errorf("--trusted-root-tuf-root: %s %w", f.tufRoot, err)}
		}
	}
	return trustroot.New(trustroot.TUF(f.tuf, anchor)), nil
}

// once is keeper for a command that ends: a repository is asked now.
func (f *trustFlags) once(ctx context.Context) (*trustroot.Keeper, error) {
	keeper, err := f.keeper(ctx)
	if err != nil || keeper == nil || keeper.Root() != nil {
		return keeper, err
	}
	if err := keeper.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("--trusted-root-tuf: %w", err)
	}
	return keeper, nil
}

// trustedBy is what verdicts ask; nil where no trusted root is kept.
func trustedBy(keeper *trustroot.Keeper) func() []byte {
	if keeper == nil {
		return nil
	}
	return keeper.Root
}

// unverifying verifies nothing, as nobody may be asked.
type unverifying struct{}

var _ gate.Signatures = unverifying{}

// Own says that it is offline.
func (unverifying) Own(_ context.Context, source flux.Source, _ bool) (verify.Signature, error) {
	return verify.Signature{}, &registry.Error{
		Class: registry.ClassOffline, Reference: source.Repository.String() + "@" + source.Ref.Digest, Advice: "nothing is asked with --offline",
	}
}

// Demanded says that it is offline.
func (u unverifying) Demanded(ctx context.Context, source flux.Source, private bool, _ verify.Demand) (verify.Signature, error) {
	return u.Own(ctx, source, private)
}

// ownSignatures verify as verify blocks ask, for a diagnosis.
type ownSignatures struct{ verdicts *verdicts.Verifier }

// Verify implements diagnose.Signatures. No allow-list spoke for the source.
func (o ownSignatures) Verify(ctx context.Context, source flux.Source, digest string) (verify.Signature, error) {
	source.Ref = flux.Ref{Digest: digest}
	return o.verdicts.Own(ctx, source, false)
}

// material reads the Secrets of verify blocks by a reader of whole Secrets.
type material struct{ secrets registry.SecretReader }

// Material implements verdicts.Secrets.
func (m material) Material(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	secret, err := m.secrets.ReadSecret(ctx, namespace, name)
	switch {
	case err != nil:
		return nil, err
	case secret == nil:
		return nil, verify.Missing()
	}
	return verify.Entries(secret.Data), nil
}
