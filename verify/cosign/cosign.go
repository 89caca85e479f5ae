package cosign

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/sigstore-go/pkg/bundle"

	"github.com/fluxgate/fluxgate/verify"
)

// Options are what a verifier brings itself.
type Options struct {
	// TrustedRoot is the JSON of a sigstore TrustedRoot for the keyless demands that bring none. Nil: those cannot be
	// verified.
	TrustedRoot []byte
}

// Verify looks for a signature of the artifact of a digest ("sha256:…") in the repository of the visit that satisfies the
// demand. Where several do, the same one is named whenever the same are there. Every error is one of infrastructure: the visit's
// Failure, verify.ErrNoTrustRoot for a keyless demand without a trusted root, one about Options.TrustedRoot, or that of ctx.
func Verify(
	ctx context.Context, visit verify.Visit, digest string, demand verify.Cosign, options Options,
) (verify.Signature, error) {
	hash, err := v1.NewHash(digest)
	if err != nil {
		return verify.Signature{}, fmt.Errorf("verify cosign signatures: %w", err)
	}
	judge, refusal, err := judgeOf(demand, options)
	if err != nil || judge == nil {
		return refusal, err
	}
	store, err := newStore(visit)
	if err != nil {
		return verify.Signature{}, fmt.Errorf("verify cosign signatures: %w", err)
	}
	modern, bad, err := bundles(ctx, store, hash, judge)
	if modern.Verified {
		modern.Scheme = verify.SchemeCosignBundle
		return modern, nil
	}
	legacy, legacyErr := legacies(ctx, store, hash, judge)
	if legacy.Verified {
		legacy.Scheme, legacy.BesideBundles = verify.SchemeCosignLegacy, bad
		return legacy, nil
	}
	// A registry in trouble looks like one without signatures.
	for _, err := range []error{visit.Failure(), ctx.Err(), err, legacyErr} {
		if err != nil {
			return verify.Signature{}, err
		}
	}
	return better(modern, legacy), nil
}

// judge says what one signature is worth to a demand, by a verify.Signature without a scheme.
type judge interface {
	bundle(b *bundle.Bundle, digest v1.Hash) verify.Signature
	legacy(ctx context.Context, signed oci.Signature, digest v1.Hash) verify.Signature
}

// judgeOf makes a demand ready. Where there is no judge, the demand itself is at fault, as the Signature says, or it is the error.
func judgeOf(demand verify.Cosign, options Options) (judge, verify.Signature, error) {
	if len(demand.Keys) > 0 {
		keys, err := newKeys(demand.Keys)
		return keys, verify.Signature{}, err
	}
	return newKeyless(demand, options)
}
