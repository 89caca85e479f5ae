package cosign

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/static"

	"github.com/fluxgate/fluxgate/verify"
)

// legacies looks for signatures under the tag sha256-<digest>.sig, each a layer of the image there: one request, and one for
// each payload, of which many have the same. The newest come first; cosign appends.
func legacies(ctx context.Context, s *store, digest v1.Hash, j judge) (verify.Signature, error) {
	layers, err := s.layers(ctx, s.repository.Tag(digest.Algorithm+"-"+digest.Hex+".sig"))
	if err != nil {
		return explained(err)
	}
	slices.Reverse(layers)
	layers, more := limited(layers)
	found, err := search(ctx, s.payloads(layers, digest, j))
	if err == nil && more && !found.Verified {
		return tooMany(), nil
	}
	return found, err
}

// payloads makes candidates of layers: one of all that have a payload in common.
func (s *store) payloads(layers []v1.Descriptor, digest v1.Hash, j judge) []candidate {
	var candidates []candidate
	seen := map[v1.Hash]bool{}
	for _, first := range layers {
		if seen[first.Digest] {
			continue
		}
		seen[first.Digest] = true
		candidates = append(candidates, candidate{
			fetch: func(ctx context.Context) ([]byte, error) { return s.blob(ctx, first, maxPayload) },
			assess: func(ctx context.Context, payload []byte) verify.Signature {
				best := unsigned()
				for _, layer := range layers {
					if layer.Digest == first.Digest && !best.Verified && ctx.Err() == nil {
						best = better(best, assessLegacy(ctx, payload, layer.Annotations, digest, j))
					}
				}
				return best
			},
		})
	}
	return candidates
}

func assessLegacy(ctx context.Context, payload []byte, annotations map[string]string, digest v1.Hash, j judge) verify.Signature {
	signed, err := legacySignature(payload, annotations)
	if err != nil {
		return malformed()
	}
	return j.legacy(ctx, signed, digest)
}

// legacySignature puts together what cosign keeps in a payload and in annotations. The chain of the certificate is left
// out: it leads to the trusted root, or does not count.
func legacySignature(payload []byte, annotations map[string]string) (oci.Signature, error) {
	for _, key := range []string{static.SignatureAnnotationKey, static.CertificateAnnotationKey, static.BundleAnnotationKey} {
		if len(annotations[key]) > maxAnnotation {
			return nil, errUnusable
		}
	}
	encoded := annotations[static.SignatureAnnotationKey]
	if encoded == "" || len(payload) == 0 {
		return nil, errUnusable
	}
	options := []static.Option{static.WithCertChain([]byte(annotations[static.CertificateAnnotationKey]), nil)}
	if text := annotations[static.BundleAnnotationKey]; text != "" {
		var logged *bundle.RekorBundle
		if err := json.Unmarshal([]byte(text), &logged); err != nil {
			return nil, errUnusable
		}
		options = append(options, static.WithBundle(logged))
	}
	return static.NewSignature(payload, encoded, options...)
}

var errOtherArtifact = errors.New("the signature is of another artifact")

// ofDigest is the claim verifier of every legacy signature: a payload that is signed well, and names another digest, was
// copied from there.
func ofDigest(signed oci.Signature, digest v1.Hash, annotations map[string]any) error {
	if err := cosign.SimpleClaimVerifier(signed, digest, annotations); err != nil {
		return errOtherArtifact
	}
	return nil
}
