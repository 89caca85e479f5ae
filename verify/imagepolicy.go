package verify

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
)

// ImagePolicy is a ClusterImagePolicy that has been read.
type ImagePolicy interface {
	// Name is that of the object.
	Name() string
	// ID is a hash of everything in it that decides its verdict. The verdict depends on nothing else but the artifact and
	// the ImagePolicyOptions.
	ID() string
	// Matches reports whether the policy is for an artifact that an object pulls.
	Matches(repository name.Repository, digest string, object ImagePolicyObject) bool
	// Verify judges an artifact, whether the policy is for it or not. Its error is one of infrastructure.
	Verify(ctx context.Context, visit Visit, digest string, options ImagePolicyOptions) (Signature, error)
}

// ImagePolicyObject is what the match rules of a ClusterImagePolicy read of an object.
type ImagePolicyObject struct {
	APIVersion, Kind string
	Labels           map[string]string
}

// ImagePolicyOptions are what ClusterImagePolicies are judged with.
type ImagePolicyOptions struct {
	// TrustedRoot is the JSON of a sigstore TrustedRoot, against which keyless signatures and entries of a transparency log
	// are verified. Without it, whatever needs one is ErrNoTrustRoot.
	TrustedRoot []byte
}
