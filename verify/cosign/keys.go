package cosign

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/fluxgate/fluxgate/verify"
)

// keys is the judge where any of several keys will do.
type keys []key

type key struct {
	signer   verify.Signer
	verifier signature.Verifier
	bundles  *sigstore.Verifier
}

func newKeys(given []verify.PublicKey) (keys, error) {
	all := make(keys, 0, len(given))
	for _, public := range given {
		// Over SHA-256 whatever the key, as Flux has it (source-controller, NewCosignVerifier).
		verifier, err := signature.LoadVerifier(public.Key, crypto.SHA256)
		if err != nil {
			return nil, fmt.Errorf("verify with the key %s: %w", public.Fingerprint, err)
		}
		lasting := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
		material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return lasting, nil })
		bundles, err := sigstore.NewVerifier(material, sigstore.WithNoObserverTimestamps())
		if err != nil {
			return nil, fmt.Errorf("verify with the key %s: %w", public.Fingerprint, err)
		}
		all = append(all, key{signer: verify.Signer{Fingerprint: public.Fingerprint}, verifier: verifier, bundles: bundles})
	}
	return all, nil
}

func (k keys) bundle(b *bundle.Bundle, digest v1.Hash) verify.Signature {
	this, err := ofArtifact(digest)
	if err != nil {
		return wrongKey()
	}
	for _, key := range k {
		if _, err := key.bundles.Verify(b, sigstore.NewPolicy(this, sigstore.WithKey())); err == nil {
			return good(key.signer)
		}
	}
	if names(b, digest) {
		return wrongKey()
	}
	for _, key := range k {
		// This tells only why the bundle is not good.
		if _, err := key.bundles.Verify(b, sigstore.NewPolicy(sigstore.WithoutArtifactUnsafe(), sigstore.WithKey())); err == nil {
			return otherArtifact()
		}
	}
	return wrongKey()
}

func (k keys) legacy(ctx context.Context, signed oci.Signature, digest v1.Hash) verify.Signature {
	for _, key := range k {
		_, err := cosign.VerifyImageSignature(ctx, signed, digest, &cosign.CheckOpts{
			SigVerifier: key.verifier, ClaimVerifier: ofDigest, Offline: true, IgnoreTlog: true,
		})
		switch {
		case err == nil:
			return good(key.signer)
		case errors.Is(err, errOtherArtifact):
			return otherArtifact()
		}
	}
	return wrongKey()
}

func wrongKey() verify.Signature {
	return verify.Unverified(verify.ReasonWrongKey, "has cosign signatures, none of which is a valid one by a key that is asked for; "+
		"sign it with such a key, or ask for the key that it is signed with")
}
