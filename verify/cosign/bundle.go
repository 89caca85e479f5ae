package cosign

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/cosign/v3/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/fluxgate/fluxgate/verify"
)

// bundleType begins the media types of bundles, as an artifact type and as that of a layer (cosign, pkg/oci/remote, Bundle).
const bundleType = "application/vnd.dev.sigstore.bundle"

// bundles looks for bundles among the referrers: one request, and two for each. bad says that there are some, and that none is
// good, attestations included: Flux takes those, too. It is not said where one was not looked at, or could
// not be had: that may be a good one.
func bundles(ctx context.Context, s *store, digest v1.Hash, j judge) (found verify.Signature, bad bool, err error) {
	referrers, err := s.referrers(ctx, digest)
	if err != nil {
		found, err = explained(err)
		return found, false, err
	}
	referrers = slices.DeleteFunc(referrers, func(found v1.Descriptor) bool { return !mayBeBundle(found) })
	// Registries list them in any order.
	slices.SortFunc(referrers, func(a, b v1.Descriptor) int { return cmp.Compare(a.Digest.String(), b.Digest.String()) })
	referrers = slices.CompactFunc(referrers, func(a, b v1.Descriptor) bool { return a.Digest == b.Digest })
	referrers, more := limited(referrers)
	candidates, looked := make([]candidate, 0, len(referrers)), looking{digest: digest, judge: j}
	for _, referrer := range referrers {
		candidates = append(candidates, candidate{
			fetch:  func(ctx context.Context) ([]byte, error) { return s.bundle(ctx, referrer) },
			assess: func(_ context.Context, raw []byte) verify.Signature { return looked.at(raw) },
		})
	}
	found, err = search(ctx, candidates)
	if err == nil && more && !found.Verified {
		found = tooMany()
	}
	return found, err == nil && !more && looked.there && !looked.good, err
}

// mayBeBundle spares the requests for what is said to be something else: an SBOM, or a signature of the Notary Project. A
// registry that tells no type, or that of the empty configuration, is not held to it.
func mayBeBundle(found v1.Descriptor) bool {
	return found.ArtifactType == "" || found.ArtifactType == "application/vnd.oci.empty.v1+json" ||
		strings.HasPrefix(found.ArtifactType, bundleType)
}

// bundle reads the only layer of a referrer. Nil, without an error, is a referrer that holds something else.
func (s *store) bundle(ctx context.Context, referrer v1.Descriptor) ([]byte, error) {
	if referrer.Size > maxManifest || referrer.Digest == (v1.Hash{}) {
		return nil, errUnusable
	}
	layers, err := s.layers(ctx, s.repository.Digest(referrer.Digest.String()))
	if err != nil {
		return nil, err
	}
	if len(layers) != 1 || !strings.HasPrefix(string(layers[0].MediaType), bundleType) {
		return nil, nil
	}
	return s.blob(ctx, layers[0], maxBundle)
}

// looking goes through the bundles of a digest, one after the other.
type looking struct {
	digest v1.Hash
	judge  judge
	// there: one was a bundle. good: one was, of whatever it is a statement.
	there, good bool
}

// at judges a bundle. It is a signature if cosign sign made it. That stands in the statement, which is what is signed.
func (l *looking) at(raw []byte) verify.Signature {
	if raw == nil {
		return unsigned()
	}
	b := &bundle.Bundle{}
	if err := b.UnmarshalJSON(raw); err != nil || !b.MinVersion("v0.3") {
		return malformed()
	}
	l.there = true
	statement, err := statementOf(b)
	if err != nil {
		return malformed()
	}
	found := l.judge.bundle(b, l.digest)
	l.good = l.good || found.Verified
	if statement.GetPredicateType() != types.CosignSignPredicateType {
		return unsigned()
	}
	return found
}

// statementOf fails for the signature of a blob, which has no statement: Flux takes none for that of an artifact.
func statementOf(b *bundle.Bundle) (*intoto.Statement, error) {
	content, err := b.SignatureContent()
	if err != nil {
		return nil, err
	}
	envelope := content.EnvelopeContent()
	if envelope == nil {
		return nil, errUnusable
	}
	return envelope.Statement()
}

// names reports whether a bundle says that it is of a digest. It tells why a bundle is not good, and never that it is.
func names(b *bundle.Bundle, digest v1.Hash) bool {
	statement, err := statementOf(b)
	return err == nil && slices.ContainsFunc(statement.GetSubject(), func(subject *intoto.ResourceDescriptor) bool {
		return strings.EqualFold(subject.GetDigest()[digest.Algorithm], digest.Hex)
	})
}

// ofArtifact is the policy that binds a bundle to a digest.
func ofArtifact(digest v1.Hash) (sigstore.ArtifactPolicyOption, error) {
	raw, err := hex.DecodeString(digest.Hex)
	return sigstore.WithArtifactDigest(digest.Algorithm, raw), err
}
