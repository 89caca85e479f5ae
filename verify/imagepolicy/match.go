package imagepolicy

import (
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/verify"
)

// Matches reports whether the policy is for an artifact that an object pulls: by the globs of spec.images, which are matched
// against "repository@digest" (Docker Hub's is index.docker.io), and by spec.match. What cannot be told, as with a digest that
// is none, matches: Verify then refuses it.
func (p *Policy) Matches(repository name.Repository, digest string, object verify.ImagePolicyObject) bool {
	image := repository.Digest(digest).Name()
	matching, err := p.matching.GetMatchingPolicies(image, object.Kind, object.APIVersion, object.Labels)
	return err != nil || len(matching) > 0
}
