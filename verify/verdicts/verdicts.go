package verdicts

import (
	"context"

	"golang.org/x/sync/singleflight"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// Verifier verifies artifacts. It is safe for concurrent use.
type Verifier struct {
	options  Options
	cache    *cache
	keyrings *keyrings
	flights  singleflight.Group
}

// New returns a Verifier.
func New(o Options) *Verifier {
	o = o.withDefaults()
	return &Verifier{options: o, cache: newCache(o), keyrings: newKeyrings()}
}

// Own verifies the digest of a source as its verify block asks, both of which it must have. The error says that it could not
// be told.
func (v *Verifier) Own(ctx context.Context, source flux.Source, private bool) (verify.Signature, error) {
	demand, bad, err := v.block(ctx, source)
	if err != nil {
		return verify.Signature{}, err
	}
	if bad != nil {
		return *bad, nil
	}
	found, err := v.verdict(ctx, source, private, demand)
	if found.BesideBundles { // nobody is to be let in here whom Flux then refuses
		return verify.Unverified(verify.ReasonBesideBundles, "has a good signature in the form of cosign 2, which Flux does not look at "+
			"beside sigstore bundles, and none of its bundles is good; sign it anew with cosign 3"), err
	}
	return found, err
}

// Demanded verifies the digest of a source, which it must have, as demanded.
func (v *Verifier) Demanded(
	ctx context.Context, source flux.Source, private bool, demand verify.Demand,
) (verify.Signature, error) {
	if len(demand.ImagePolicies)+len(demand.ImagePolicyNames) == 0 {
		return v.verdict(ctx, source, private, demand)
	}
	policies, err := v.imagePolicies(ctx, source, demand)
	if err != nil {
		return verify.Signature{}, err
	}
	if len(policies) == 0 {
		return verify.Unverified(verify.ReasonNoMatch, "is what none of the demand's ClusterImagePolicies is for"), nil
	}
	return v.verdict(ctx, source, private, verify.Demand{ImagePolicies: policies})
}

// verdict remembers what a verification said.
func (v *Verifier) verdict(
	ctx context.Context, source flux.Source, private bool, demand verify.Demand,
) (verify.Signature, error) {
	access, err := v.options.Registry.Access(ctx, source, source.Ref.Digest, private)
	if err != nil {
		return verify.Signature{}, err
	}
	key := keyOf(access.ID(), source.Ref.Digest, v.materialID(demand))
	if kept, found := v.cache.get(key); found {
		return kept.told(access)
	}
	if err := ctx.Err(); err != nil {
		return verify.Signature{}, err
	}
	found, err := v.join(ctx, key, access, source.Ref.Digest, demand)
	if err != nil {
		return verify.Signature{}, err
	}
	return found.told(access)
}
