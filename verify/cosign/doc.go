// Package cosign finds and verifies the cosign signatures of an artifact, as Flux does (source-controller,
// internal/oci/cosign): sigstore bundles among the referrers of the artifact first, then signatures under the tag
// sha256-<digest>.sig. One good signature, by any of the keys or identities that are asked for, is enough.
//
// It is never laxer than Flux, and stricter where a signature could be carried over or an identity is missing:
//
//   - A signature counts only for the digest that it was made of, in both forms. The docker-reference in a payload is not
//     compared: it is what the signer called the artifact, and a mirror has another name for it. The digest is what binds.
//   - A bundle counts only if it was made by `cosign sign` (predicate https://sigstore.dev/cosign/sign/v1): a provenance or an
//     SBOM says something of an artifact, and not that whoever made it wants it to be run.
//   - Keyless signatures need an issuer and a subject to compare with, and a trusted root that was given. An entry of the
//     transparency log must come with the signature.
//   - Where bundles are there, and none is good, signatures under the tag count all the same; Flux looks there only where
//     there is no bundle.
//
// Keys are used as Flux uses them: ECDSA and RSA (PKCS #1 v1.5) over SHA-256, and plain Ed25519. By itself cosign signs so with
// P-256 and RSA only; what it signs with other keys is refused with a message that says so. No transparency log is asked for
// with keys. What a signature says of its time (the log's integrated time, or a timestamp that the log of Rekor v2 needs
// beside it) is the time at which its certificate must have been valid.
//
// Everything is sent over the Visit. Neither TUF nor Rekor nor Fulcio is ever contacted, nothing is cached, and all state
// is of one call. Work is bounded by the constants in limits.go, and by the Visit.
package cosign
