package verify

import (
	"crypto"
)

// Demand is what is asked of the signatures of an artifact. Of Cosign, Notation and the image policies only one is there.
type Demand struct {
	Cosign   *Cosign
	Notation *Notation
	// ImagePolicies are ClusterImagePolicies, and ImagePolicyNames the names of further ones that are found when the demand is
	// judged; "*" stands for all.
	ImagePolicies    []ImagePolicy
	ImagePolicyNames []string
	// Object is the one that is judged, as the match rules of image policies read it. Its labels are its author's.
	Object ImagePolicyObject
}

// Cosign says whose cosign signatures count: those of any of the keys or, where there is none, of any of the identities.
type Cosign struct {
	// Keys are of type *ecdsa.PublicKey, *rsa.PublicKey or ed25519.PublicKey.
	Keys []PublicKey
	// Identities are whom a keyless signature must be of. With neither keys nor identities nothing counts
	// (ReasonAnyIdentity).
	Identities []CertificateIdentity
	// TrustedRoot is the JSON of a sigstore TrustedRoot (the protobuf-specs' message), against which keyless signatures are
	// verified. Nil means the verifier's own, if it has one.
	TrustedRoot []byte
}

// PublicKey is a key and what identifies it.
type PublicKey struct {
	Fingerprint string // as Key has it
	Key         crypto.PublicKey
}

// CertificateIdentity is an identity of a keyless signature, as cosign has it (cosign.Identity): of issuer and of subject
// either the whole text or an unanchored regular expression is given. A verify block of Flux gives expressions only.
type CertificateIdentity struct {
	Issuer, IssuerRegExp, Subject, SubjectRegExp string
}

// Notation says which signatures of the Notary Project count.
type Notation struct {
	// TrustPolicy is the content of trustpolicy.json.
	TrustPolicy []byte
	// Certificates are trusted authorities by the entry of the Secret that they stand under (*.crt, *.pem), in PEM or DER.
	Certificates map[string][]byte
}
