package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
)

// BrokenImagePolicy stands for a ClusterImagePolicy that cannot be read: for which artifacts it is nobody knows, so that it is for
// all, and all are undecided. why is what is wrong with the document.
func BrokenImagePolicy(called string, document []byte, why error) ImagePolicy {
	sum := sha256.Sum256(document)
	return brokenImagePolicy{name: called, id: "broken:" + hex.EncodeToString(sum[:]), why: why}
}

type brokenImagePolicy struct {
	name, id string
	why      error
}

// Name implements ImagePolicy.
func (p brokenImagePolicy) Name() string { return p.name }

// ID implements ImagePolicy.
func (p brokenImagePolicy) ID() string { return p.id }

// Matches implements ImagePolicy.
func (p brokenImagePolicy) Matches(name.Repository, string, ImagePolicyObject) bool { return true }

// Verify implements ImagePolicy.
func (p brokenImagePolicy) Verify(context.Context, Visit, string, ImagePolicyOptions) (Signature, error) {
	return Signature{}, fmt.Errorf("%w: %w", ErrImagePolicy, p.why)
}
