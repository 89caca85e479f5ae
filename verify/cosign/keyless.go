package cosign

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/fluxgate/fluxgate/verify"
)

// keyless is the judge where any of several identities will do: each in a certificate by an authority of the trusted root
// that a log of certificates promised to show, used at a time that a transparency log or a timestamp proves.
type keyless struct {
	root       *root.TrustedRoot
	identities sigstore.CertificateIdentities
}

func newKeyless(demand verify.Cosign, options Options) (judge, verify.Signature, error) {
	identities, refusal := identitiesOf(demand.Identities)
	if refusal != nil {
		return nil, *refusal, nil
	}
	trusted, refusal, err := trustedRoot(demand, options)
	if err != nil {
		return nil, verify.Signature{}, err
	}
	if refusal != nil {
		return nil, *refusal, nil
	}
	return keyless{root: trusted, identities: identities}, verify.Signature{}, nil
}

func (k keyless) bundle(b *bundle.Bundle, digest v1.Hash) verify.Signature {
	leaf := leafOf(b)
	this, err := ofArtifact(digest)
	if leaf == nil || err != nil {
		return untrusted()
	}
	verifier, err := sigstore.NewVerifier(k.root, evidence(b)...)
	if err != nil {
		return untrusted()
	}
	var identities []sigstore.PolicyOption
	for _, identity := range k.identities {
		identities = append(identities, sigstore.WithCertificateIdentity(identity))
	}
	result, err := verifier.Verify(b, sigstore.NewPolicy(this, identities...))
	var somebodyElse *sigstore.ErrNoMatchingCertificateIdentity
	switch {
	case err == nil:
		return good(signerOf(*result.Signature.Certificate))
	case errors.As(err, &somebodyElse): // identities are compared last: all else is right
		return wrongIdentity(leaf)
	case !names(b, digest) && ofAnything(verifier, b):
		return otherArtifact()
	case k.outlived(leaf, loggedAt(b)):
		return expired()
	}
	return untrusted()
}

// evidence is what cosign asks of a keyless bundle, and so Flux (cosign, CheckOpts.verificationOptions and rekorV2Bundle):
// the promise of a log of certificates, an entry of a transparency log and, as the entries of Rekor v2 have no time of
// their own, beside those a timestamp.
func evidence(b *bundle.Bundle) []sigstore.VerifierOption {
	entries, _ := b.TlogEntries() // without any, the bundle does not verify
	times := sigstore.WithIntegratedTimestamps(1)
	if len(entries) > 0 && len(loggedAt(b)) == 0 {
		times = sigstore.WithSignedTimestamps(1)
	}
	return []sigstore.VerifierOption{sigstore.WithSignedCertificateTimestamps(1), sigstore.WithTransparencyLog(1), times}
}

// loggedAt are the times that a transparency log gives, of an entry that may be forged.
func loggedAt(b *bundle.Bundle) []time.Time {
	entries, _ := b.TlogEntries() // see evidence
	var times []time.Time
	for _, entry := range entries {
		if at := entry.IntegratedTime(); !at.IsZero() {
			times = append(times, at)
		}
	}
	return times
}

// ofAnything reports whether a bundle is good but for the artifact and the identity. It tells only why one is not good.
func ofAnything(verifier *sigstore.Verifier, b *bundle.Bundle) bool {
	_, err := verifier.Verify(b, sigstore.NewPolicy(sigstore.WithoutArtifactUnsafe(), sigstore.WithoutIdentitiesUnsafe()))
	return err == nil
}

func leafOf(b *bundle.Bundle) *x509.Certificate {
	content, err := b.VerificationContent()
	if err != nil {
		return nil
	}
	return content.Certificate()
}

func (k keyless) legacy(ctx context.Context, signed oci.Signature, digest v1.Hash) verify.Signature {
	leaf, err := signed.Cert()
	if err != nil || leaf == nil {
		return untrusted()
	}
	_, err = cosign.VerifyImageSignature(ctx, signed, digest, &cosign.CheckOpts{
		TrustedMaterial: k.root, ClaimVerifier: ofDigest, Offline: true,
	})
	switch {
	case errors.Is(err, errOtherArtifact):
		return otherArtifact()
	case err != nil && k.outlived(leaf, loggedWith(signed)):
		return expired()
	case err != nil:
		return untrusted()
	}
	// cosign was asked for no identity: it compares with any name of a certificate, and this one is told as the signer.
	summary, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return untrusted()
	}
	if _, err := k.identities.Verify(summary); err != nil {
		return wrongIdentity(leaf)
	}
	return good(signerOf(summary))
}

func loggedWith(signed oci.Signature) []time.Time {
	logged, err := signed.Bundle()
	if err != nil || logged == nil {
		return nil
	}
	return []time.Time{time.Unix(logged.Payload.IntegratedTime, 0)}
}

// outlived reports whether the certificate is by an authority of the trusted root, and was used when it was not valid.
func (k keyless) outlived(leaf *x509.Certificate, used []time.Time) bool {
	if _, err := sigstore.VerifyLeafCertificate(leaf.NotBefore, leaf, k.root); err != nil {
		return false
	}
	return slices.ContainsFunc(used, func(at time.Time) bool { return at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) })
}
