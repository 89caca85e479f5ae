package verify

import (
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
)

// Visit is an open way to the repository of an artifact, made by whoever opened it (registry.Session): logged in, guarded,
// and limited in time, bytes and requests. Verifiers send nothing by any other way.
type Visit interface {
	// Repository is where the artifact is.
	Repository() name.Repository
	// Transport sends requests to that registry. It answers a ping (GET /v2/) by itself: the login has been done.
	Transport() http.RoundTripper
	// Failure is what first kept the registry from answering, be it that it was unreachable, out of time, refused the login
	// or answered too much; nil where all was well. That something is not found is no failure. Libraries report a registry
	// in trouble as "no signatures", so a verifier that found none that is good must return this error where there is one.
	Failure() error
}

// Signature is what was found of the signatures of one artifact. The zero value is no verified signature.
type Signature struct {
	// Verified: a signature that counts is there, is valid, and is of this digest.
	Verified bool
	// Scheme is how the signature that counts was stored and made; empty where none does.
	Scheme Scheme
	// Signers are whose signatures count. Where one signature is enough, only that signer is named.
	Signers []Signer
	// Reason is why nothing was verified; empty where Verified.
	Reason Reason
	// Message says what is wrong, and how to mend it, in one clause about the artifact for users: "has no signature". It
	// quotes nothing that a registry said, but for digests, and issuers and subjects that a trusted authority certified.
	Message string
	// BesideBundles: what counts is a legacy signature, and there are bundles, none of which is good. To Flux that is no signature,
	// as it looks at legacy ones only where there is no bundle.
	BesideBundles bool
	// Warnings are clauses about the artifact that speak against it, and change nothing: a ClusterImagePolicy in mode warn.
	Warnings []string
}

// Scheme names a way of signing.
type Scheme string

// The schemes.
const (
	// SchemeCosignBundle is a sigstore bundle, found as a referrer of the artifact.
	SchemeCosignBundle Scheme = "cosign-bundle"
	// SchemeCosignLegacy is a signature under the tag sha256-<digest>.sig.
	SchemeCosignLegacy Scheme = "cosign-legacy"
	// SchemeNotation is a signature of the Notary Project, found as a referrer of the artifact.
	SchemeNotation Scheme = "notation"
	// SchemeImagePolicy is whatever the authorities of a ClusterImagePolicy asked for.
	SchemeImagePolicy Scheme = "image-policy"
)

// Signer is whose signature it is: a key, or an identity that an authority certified.
type Signer struct {
	// Fingerprint is that of the public key, as in Key; empty for a keyless signature. That of notation is of the key of
	// the trusted certificate that the signing certificate leads to.
	Fingerprint string
	// Issuer and Subject are those of the certificate of a keyless signature; Subject alone is the distinguished name
	// (RFC 4514) of notation's signing certificate.
	Issuer, Subject string
}

// Reason is why an artifact counts as not verified: a bounded word, for rules and metrics.
type Reason string

// The reasons. Each is the object's, the policy's or the artifact's fault; an infrastructure error is none of them.
const (
	// ReasonUnsigned: there is no signature at all.
	ReasonUnsigned Reason = "unsigned"
	// ReasonWrongKey: there are signatures, by none of the keys, or by no authority that is trusted.
	ReasonWrongKey Reason = "wrong-key"
	// ReasonWrongIdentity: there are keyless signatures, by none of the identities.
	ReasonWrongIdentity Reason = "wrong-identity"
	// ReasonOtherArtifact: a signature is good, and of another artifact.
	ReasonOtherArtifact Reason = "other-artifact"
	// ReasonExpired: a signature or certificate was not valid at the time that counts.
	ReasonExpired Reason = "expired"
	// ReasonRevoked: a certificate is revoked, or its authority does not tell whether it is, and the trust policy wants to know.
	ReasonRevoked Reason = "revoked"
	// ReasonMalformed: what is stored as a signature cannot be read as one.
	ReasonMalformed Reason = "malformed-signature"
	// ReasonBesideBundles: a legacy signature is good, which Flux does not look at, as there are bundles (Signature.BesideBundles).
	ReasonBesideBundles Reason = "beside-bundles"
	// ReasonTooMany: there are more signatures than are looked at, and none of those is good.
	ReasonTooMany Reason = "too-many-signatures"
	// ReasonNoDigest: the source has no digest that is one, so nothing is there to verify once and for all.
	ReasonNoDigest Reason = "no-digest"
	// ReasonNoRepository: the url of the source does not say for certain which repository it is in.
	ReasonNoRepository Reason = "no-repository"
	// ReasonNoVerify: the source has no verify block.
	ReasonNoVerify Reason = "no-verify"
	// ReasonNoSecret: a Secret of the verify block does not exist.
	ReasonNoSecret Reason = "no-secret"
	// ReasonSecret: a Secret of the verify block is malformed, or holds what it should not.
	ReasonSecret Reason = "bad-secret"
	// ReasonAnyIdentity: a keyless verify block names no identity, so anybody's signature would do.
	ReasonAnyIdentity Reason = "any-identity"
	// ReasonBadIdentity: an identity of the verify block is no regular expression, is too large to compile, or matches anybody.
	ReasonBadIdentity Reason = "bad-identity"
	// ReasonWeakTrustPolicy: notation's trust policy does not enforce what it must, after its override.
	ReasonWeakTrustPolicy Reason = "weak-trust-policy"
	// ReasonNoMatch: no trust policy of notation's, or no ClusterImagePolicy, is for this repository.
	ReasonNoMatch Reason = "no-match"
	// ReasonProvider: the provider of the verify block is neither cosign nor notation.
	ReasonProvider Reason = "unknown-provider"
	// ReasonImagePolicy: a ClusterImagePolicy refuses the artifact.
	ReasonImagePolicy Reason = "image-policy"
)

// Reasons are all that there are, in the order of docs/signatures.md.
func Reasons() []Reason {
	return []Reason{
		ReasonUnsigned, ReasonWrongKey, ReasonWrongIdentity, ReasonOtherArtifact, ReasonExpired, ReasonRevoked, ReasonMalformed,
		ReasonBesideBundles, ReasonTooMany, ReasonNoDigest, ReasonNoRepository, ReasonNoVerify, ReasonNoSecret, ReasonSecret, ReasonAnyIdentity,
		ReasonBadIdentity, ReasonWeakTrustPolicy, ReasonNoMatch, ReasonProvider, ReasonImagePolicy,
	}
}

// Unverified is the Signature of an artifact that was looked at in vain.
func Unverified(reason Reason, message string) Signature {
	return Signature{Reason: reason, Message: message}
}
