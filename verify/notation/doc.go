// Package notation verifies signatures of the Notary Project as source-controller does (internal/oci/notation, with
// notation-go of the same version), and refuses what source-controller lets pass without having verified it.
//
// Compile reads the Secret of a verify block: the trust policy, and the certificates of the authorities. Verifier.Refusal is
// everything that can be said of a repository by the Secret alone; it sends nothing. Verifier.Verify asks the registry, by
// the way of a Visit and no other: for the list of signatures, and then for the manifest and the envelope of one signature
// after the other, until one counts. Each request needs the answer of the one before, so that no fewer would do.
//
// As source-controller does:
//   - every certificate counts for every trust store that the policy names, of whatever type (trustStore.GetCertificates);
//   - the policy's registryScopes are compared with the repository as go-containerregistry names it: Docker Hub is
//     index.docker.io;
//   - the first three signatures are looked at (VerifyOptions.MaxSignatureAttempts);
//   - plugins are never run.
//
// Unlike it:
//   - the trust policy must enforce integrity, authenticity, the authentic timestamp and expiry, and name whose signatures
//     count;
//   - the artifact itself is not asked for. A signature binds media type, digest and size. The digest is compared, which
//     settles the size, and the media type must be one of a manifest: what a registry answers about that proves nothing;
//   - a signature that cannot be read is passed over, not the end of the search;
//   - a critical attribute of a signature that only a plugin could understand makes it void.
//
// The time is the computer's: notation-go takes no other. A Verifier is safe for concurrent use.
package notation
