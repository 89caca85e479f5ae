package cosign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/fluxgate/fluxgate/verify"
)

// What a registry answered, and is no trouble of its own.
var (
	errNotFound = errors.New("not found")
	errUnusable = errors.New("not what it should be")
)

// store reads from the repository of a visit. A request is sent once: a review has no time for more.
type store struct {
	repository name.Repository
	options    []remote.Option
	puller     *remote.Puller
}

func newStore(visit verify.Visit) (*store, error) {
	options := []remote.Option{
		remote.WithTransport(newBounded(visit.Transport())),
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(func(error) bool { return false }),
	}
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return nil, err
	}
	return &store{repository: visit.Repository(), options: options, puller: puller}, nil
}

// referrers asks for what refers to a digest: the API, and the tag that stands in for it where a registry has none.
func (s *store) referrers(ctx context.Context, digest v1.Hash) ([]v1.Descriptor, error) {
	index, err := remote.Referrers(s.repository.Digest(digest.String()), append(s.options, remote.WithContext(ctx))...)
	if err != nil {
		return nil, answered(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, errUnusable
	}
	return manifest.Manifests, nil
}

// layers reads the manifest of an image.
func (s *store) layers(ctx context.Context, ref name.Reference) ([]v1.Descriptor, error) {
	found, err := s.puller.Get(ctx, ref)
	if err != nil {
		return nil, answered(err)
	}
	if found.MediaType.IsIndex() { // of any other type, or none, it is read as what it is to be, as Flux does
		return nil, errUnusable
	}
	image, err := found.Image()
	if err != nil {
		return nil, errUnusable
	}
	manifest, err := image.Manifest()
	if err != nil {
		return nil, errUnusable
	}
	return manifest.Layers, nil
}

// blob reads a blob, whose digest is compared, of at most limit bytes.
func (s *store) blob(ctx context.Context, described v1.Descriptor, limit int64) ([]byte, error) {
	if described.Size > limit || described.Digest == (v1.Hash{}) {
		return nil, errUnusable
	}
	layer, err := s.puller.Layer(ctx, s.repository.Digest(described.Digest.String()))
	if err != nil {
		return nil, answered(err)
	}
	content, err := layer.Compressed()
	if err != nil {
		return nil, answered(err)
	}
	defer func() { _ = content.Close() }() // all that is wanted has been read
	raw, err := io.ReadAll(io.LimitReader(content, limit+1))
	if err != nil {
		return nil, answered(err)
	}
	if int64(len(raw)) > limit {
		return nil, errUnusable
	}
	return raw, nil
}

// answered tells apart what is not there, or too much, from what could not be told.
func answered(err error) error {
	if errors.Is(err, errTooMuch) {
		return errTooMuch
	}
	var failed *transport.Error
	if errors.As(err, &failed) && failed.StatusCode == http.StatusNotFound {
		return errNotFound
	}
	return fmt.Errorf("ask for signatures: %w", err)
}
