package notation

import (
	"context"
	"encoding/json"
	"errors"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
)

// artifactManifest is what notation wrote before it wrote image manifests; notation-go still reads it
// (registry, getSignatureBlobDesc).
const artifactManifest = "application/vnd.oci.artifact.manifest.v1+json"

var errNoSignature = errors.New("this is no manifest of a signature")

// fetch reads the envelope of a signature: its manifest, and then the only blob of that, each checked against size and digest.
// It does as notation-go (registry, FetchSignatureBlob) but for the limits, which are 32 MiB there. What a registry lists
// becomes part of a request, so it is judged before: a digest may hold a path, and a media type a header.
func (s *search) fetch(ctx context.Context, listed ocispec.Descriptor) (mediaType string, envelope []byte, err error) {
	if listed.MediaType != ocispec.MediaTypeImageManifest && listed.MediaType != artifactManifest ||
		listed.Digest.Validate() != nil || listed.Size > maxManifest {
		return "", nil, errNoSignature
	}
	raw, err := content.FetchAll(ctx, s.repository.Manifests(), listed)
	if err != nil {
		return "", nil, err
	}
	var manifest struct {
		Layers []ocispec.Descriptor `json:"layers"`
		Blobs  []ocispec.Descriptor `json:"blobs"`
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return "", nil, err
	}
	blobs := manifest.Layers
	if listed.MediaType == artifactManifest {
		blobs = manifest.Blobs
	}
	if len(blobs) != 1 || blobs[0].Digest.Validate() != nil || blobs[0].Size > maxEnvelope {
		return "", nil, errNoSignature
	}
	envelope, err = content.FetchAll(ctx, s.repository.Blobs(), blobs[0])
	return blobs[0].MediaType, envelope, err
}
