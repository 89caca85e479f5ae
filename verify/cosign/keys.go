package cosign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
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
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/fluxgate/fluxgate/verify"
)

// keys is the judge where any of several keys will do.
type keys []key

type key struct {
	signer verify.Signer
	// asFlux verifies as Flux does; asCosign as cosign signs by itself, and is nil where that is the same.
	asFlux, asCosign *verifier
}

// verifier is a key with a way to use it, for either form of signatures.
type verifier struct {
	signature.Verifier
	bundles *sigstore.Verifier
}

func newKeys(given []verify.PublicKey) (keys, error) {
	all := make(keys, 0, len(given))
	for _, public := range given {
		one, err := newKey(public)
		if err != nil {
			return nil, fmt.Errorf("verify with the key %s: %w", public.Fingerprint, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func newKey(public verify.PublicKey) (key, error) {
	one := key{signer: verify.Signer{Fingerprint: public.Fingerprint}}
	// Over SHA-256 whatever the key, and plain Ed25519 (source-controller, NewCosignVerifier).
	asFlux, err := signature.LoadVerifier(public.Key, crypto.SHA256)
	if err != nil {
		return key{}, err
	}
	if one.asFlux, err = newVerifier(asFlux); err != nil {
		return key{}, err
	}
	if !differ(public.Key) {
		return one, nil
	}
	// Over a hash as long as the key is strong, and Ed25519ph (cosign, LoadPrivateKey).
	asCosign, err := signature.LoadDefaultVerifier(public.Key, options.WithED25519ph())
	if err != nil {
		return key{}, err
	}
	one.asCosign, err = newVerifier(asCosign)
	return one, err
}

// differ reports whether cosign signs with such a key in another way than Flux verifies with it.
func differ(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P384() || key.Curve == elliptic.P521()
	case ed25519.PublicKey:
		return true
	}
	return false
}

func newVerifier(loaded signature.Verifier) (*verifier, error) {
	lasting := root.NewExpiringKey(loaded, time.Time{}, time.Time{})
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return lasting, nil })
	bundles, err := sigstore.NewVerifier(material, sigstore.WithNoObserverTimestamps())
	return &verifier{Verifier: loaded, bundles: bundles}, err
}

func (k keys) bundle(b *bundle.Bundle, digest v1.Hash) verify.Signature {
	this, err := ofArtifact(digest)
	if err != nil {
		return wrongKey()
	}
	for _, key := range k {
		if key.asFlux.bundle(b, this) {
			return good(key.signer)
		}
	}
	for _, key := range k { // from here on it is only about why the bundle is not good
		switch {
		case key.asCosign != nil && key.asCosign.bundle(b, this):
			return unlikeFlux()
		case !names(b, digest) && key.asFlux.bundle(b, sigstore.WithoutArtifactUnsafe()):
			return otherArtifact()
		}
	}
	return wrongKey()
}

func (v *verifier) bundle(b *bundle.Bundle, artifact sigstore.ArtifactPolicyOption) bool {
	_, err := v.bundles.Verify(b, sigstore.NewPolicy(artifact, sigstore.WithKey()))
	return err == nil
}

func (k keys) legacy(ctx context.Context, signed oci.Signature, digest v1.Hash) verify.Signature {
	why := wrongKey()
	for _, key := range k {
		err := key.asFlux.legacy(ctx, signed, digest)
		switch {
		case err == nil:
			return good(key.signer)
		case errors.Is(err, errOtherArtifact):
			return otherArtifact()
		case key.asCosign != nil && key.asCosign.legacy(ctx, signed, digest) == nil:
			why = unlikeFlux()
		}
	}
	return why
}

func (v *verifier) legacy(ctx context.Context, signed oci.Signature, digest v1.Hash) error {
	_, err := cosign.VerifyImageSignature(ctx, signed, digest, &cosign.CheckOpts{
		SigVerifier: v, ClaimVerifier: ofDigest, Offline: true, IgnoreTlog: true,
	})
	return err
}

// unlikeFlux is a wrong key to rules: what Flux would not deploy must not be let in as signed.
func unlikeFlux() verify.Signature {
	return verify.Unverified(verify.ReasonWrongKey, "has a cosign signature by a key that is asked for, in a way that Flux does not verify: "+
		"with keys of P-384, P-521 and Ed25519, cosign signs otherwise; sign it with a key of ECDSA P-256, or of RSA")
}

func wrongKey() verify.Signature {
	return verify.Unverified(verify.ReasonWrongKey, "has cosign signatures, none of which is a valid one by a key that is asked for; "+
		"sign it with such a key, or ask for the key that it is signed with")
}
