package main

import (
	"context"
	"fmt"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/imagepolicy"
	"github.com/fluxgate/fluxgate/verify/trustroot"
)

// sigstore reads what policies leave to sigstore's libraries.
type sigstore struct{}

var _ policy.Sigstore = sigstore{}

// CheckTrustedRoot implements policy.Sigstore.
func (sigstore) CheckTrustedRoot(text []byte) error { return trustroot.Check(text) }

// ImagePolicy implements policy.Sigstore. A policy that is written in a file, or in a SourcePolicy, has its keys in itself.
func (sigstore) ImagePolicy(document []byte) (verify.ImagePolicy, error) {
	return imagepolicy.Parse(context.Background(), document, nil)
}

// newLibrary has the rules, and can read every part of a policy.
func newLibrary() (*policy.Library, error) {
	library, err := policy.NewLibrary()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	library.Sigstore = sigstore{}
	return library, nil
}

// loadPolicies loads the policies of files, or the built-in one where none is named.
func loadPolicies(library *policy.Library, paths []string) (*policy.Set, error) {
	if len(paths) == 0 {
		return policy.Default()
	}
	return library.Load(paths...)
}
