package signing

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ggcrtypes "github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/mutate"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/types"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Place is a repository to sign in. It is written to without network, log, faults and logins.
type Place struct {
	repository name.Repository
	stored     http.RoundTripper
	options    []remote.Option
}

// In is a repository ("ghcr.io/acme/app") of a registry.
func In(registry *registrytest.Registry, repository string) (Place, error) {
	parsed, err := name.NewRepository(repository)
	stored := registry.Stored()
	return Place{repository: parsed, stored: stored, options: []remote.Option{remote.WithTransport(stored)}}, err
}

// WithoutReferrers is the same repository, written to as one whose registry has no API for referrers: a tag stands in for it.
func (p Place) WithoutReferrers() Place {
	p.options = append(slices.Clone(p.options), remote.WithTransport(withoutReferrers{p.stored}))
	return p
}

type withoutReferrers struct{ http.RoundTripper }

// RoundTrip finds no referrers.
func (w withoutReferrers) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "/referrers/") {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}, Request: req}, nil
	}
	return w.RoundTripper.RoundTrip(req)
}

// SignBundle signs the artifact of a digest with a bundle for each signer.
func (p Place) SignBundle(digest string, signers ...Signer) error {
	for _, signer := range signers {
		raw, err := Bundle(signer, digest, "")
		if err != nil {
			return fmt.Errorf("sign %s: %w", digest, err)
		}
		if err := p.PutBundle(digest, raw); err != nil {
			return err
		}
	}
	return nil
}

// SignLegacy signs the artifact of a digest with a legacy signature of each signer, beside those that are there.
func (p Place) SignLegacy(digest string, signers ...Signer) error {
	signatures := make([]oci.Signature, 0, len(signers))
	for _, signer := range signers {
		signature, err := Legacy(signer, p.repository.Digest(digest))
		if err != nil {
			return fmt.Errorf("sign %s: %w", digest, err)
		}
		signatures = append(signatures, signature)
	}
	return p.PutLegacy(digest, signatures...)
}

// PutBundle stores a bundle, or what is to look like one, as a referrer of a digest, with cosign's writer.
func (p Place) PutBundle(digest string, raw []byte) error {
	return ociremote.WriteAttestationNewBundleFormat(
		p.repository.Digest(digest), raw, types.CosignSignPredicateType, ociremote.WithRemoteOptions(p.options...))
}

// PutReferrer stores something of another type as a referrer of a digest: an empty manifest, whose configuration has that type,
// which is what registries list.
func (p Place) PutReferrer(digest, artifactType string) error {
	raw := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"layers":[],"config":{"mediaType":%q,"digest":%q,"size":2},`+
		`"subject":{"mediaType":%[1]q,"digest":%[3]q,"size":1}}`, ggcrtypes.OCIManifestSchema1, artifactType, digest)
	return p.PutManifest("referrer", []byte(raw), string(ggcrtypes.OCIManifestSchema1))
}

// PutLegacy stores signatures under the tag of a digest, with cosign's writer.
func (p Place) PutLegacy(digest string, signatures ...oci.Signature) error {
	options := ociremote.WithRemoteOptions(p.options...)
	entity, err := ociremote.SignedEntity(p.repository.Digest(digest), options)
	if err != nil {
		return err
	}
	for _, signature := range signatures {
		if entity, err = mutate.AttachSignatureToEntity(entity, signature); err != nil {
			return err
		}
	}
	return ociremote.WriteSignatures(p.repository, entity, options)
}

// PutManifest stores whatever it is as a manifest of a media type, under a tag.
func (p Place) PutManifest(tag string, raw []byte, mediaType string) error {
	return remote.Put(p.repository.Tag(tag), manifest{raw: raw, mediaType: mediaType}, p.options...)
}

// Copy lets the legacy signatures of one digest stand under the tag of another.
func (p Place) Copy(from, to string) error {
	found, err := remote.Get(p.repository.Tag(LegacyTag(from)), p.options...)
	if err != nil {
		return err
	}
	return remote.Tag(p.repository.Tag(LegacyTag(to)), found, p.options...)
}

// Unsign removes the legacy signatures of a digest.
func (p Place) Unsign(digest string) error {
	return remote.Delete(p.repository.Tag(LegacyTag(digest)), p.options...)
}

// LegacyTag is where the legacy signatures of a digest stand.
func LegacyTag(digest string) string { return strings.Replace(digest, ":", "-", 1) + ".sig" }

// DigestOf is the digest of a blob, such as a bundle.
func DigestOf(blob []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(blob)) }

type manifest struct {
	raw       []byte
	mediaType string
}

// RawManifest implements remote.Taggable.
func (m manifest) RawManifest() ([]byte, error) { return m.raw, nil }

// MediaType tells remote.Put the content type.
func (m manifest) MediaType() (ggcrtypes.MediaType, error) {
	return ggcrtypes.MediaType(m.mediaType), nil
}
