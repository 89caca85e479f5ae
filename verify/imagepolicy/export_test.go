package imagepolicy

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/policy-controller/pkg/webhook"

	"github.com/fluxgate/fluxgate/verify"
)

// ValidatePolicy asks the library as a whole, as policy-controller does: what Verify must agree with.
func (p *Policy) ValidatePolicy(ctx context.Context, visit verify.Visit, ref name.Digest, trustedRoot []byte) (*webhook.PolicyResult, []error) {
	ctx, s := newSession(ctx, visit, ref, trustedRoot)
	return webhook.ValidatePolicy(ctx, "", ref, p.compiled, authn.DefaultKeychain, s.options...)
}
