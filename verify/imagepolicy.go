package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ImagePolicy is a ClusterImagePolicy that has been read.
type ImagePolicy interface {
	// Name is that of the object.
	Name() string
	// ID is a hash of everything that decides its verdict.
	ID() string
	// Matches reports whether the policy is for the artifact of a digest in a repository (host and path).
	Matches(repository, digest string) bool
	// Verify judges an artifact that the policy is for. trustedRoot is for keyless authorities that bring none; nil means that
	// there is none. Its error is one of infrastructure.
	Verify(ctx context.Context, visit Visit, digest string, trustedRoot []byte) (Signature, error)
}

// BrokenImagePolicy stands for a ClusterImagePolicy that cannot be read: for which artifacts it is nobody knows, so that it is for
// all, and all are undecided. why is what is wrong with the document.
func BrokenImagePolicy(name string, document []byte, why error) ImagePolicy {
	sum := sha256.Sum256(document)
	return brokenImagePolicy{name: name, id: "broken:" + hex.EncodeToString(sum[:]), why: why}
}

type brokenImagePolicy struct {
	name, id string
	why      error
}

func (p brokenImagePolicy) Name() string             { return p.name }
func (p brokenImagePolicy) ID() string               { return p.id }
func (p brokenImagePolicy) Matches(_, _ string) bool { return true }
func (p brokenImagePolicy) Verify(context.Context, Visit, string, []byte) (Signature, error) {
	return Signature{}, fmt.Errorf("it cannot be read: %w", p.why)
}
