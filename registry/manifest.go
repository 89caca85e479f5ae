package registry

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Manifest is what a digest names, as Flux pulls it.
type Manifest struct {
	// MediaType is that of what the digest names: of an index where it names one.
	MediaType string
	// Index says that the digest names an index. Flux pulls one entry of it.
	Index bool
	// Image is the digest of the image that is pulled; empty where an index has none that Flux would take.
	Image string
	// ConfigMediaType and Layers are those of the image.
	ConfigMediaType string
	Layers          []Layer
}

// Layer is a layer of an image.
type Layer struct {
	MediaType string
	// Size is in bytes, as the manifest says.
	Size int64
}

// Manifest reads the manifest of a digest, and where that is an index, that of the entry which Flux takes (remote.Image,
// without a platform: the first for linux/amd64, or for none). Each must hash to the digest that it was asked for by. Its
// error is an *Error.
func (s *Session) Manifest(digest string) (found Manifest, err error) {
	defer func() {
		if reason := recover(); reason != nil { // a library over a hostile answer, see Client.fly
			found, err = Manifest{}, s.plan.failure(fmt.Errorf("panic: %v", reason))
		}
	}()
	got, err := remote.Get(s.Repository().Digest(digest),
		remote.WithContext(s.Context()),
		remote.WithTransport(s.Transport()),
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(func(error) bool { return false }),
	)
	if err != nil {
		return Manifest{}, s.asked(err)
	}
	found = Manifest{MediaType: string(got.MediaType), Index: got.MediaType.IsIndex()}
	if found.Index {
		if err := readsAsIndex(got); err != nil {
			return Manifest{}, s.asked(err)
		}
	}
	before := s.Requests()
	image, err := got.Image()
	if err != nil && found.Index && s.Requests() == before { // nothing was asked: the index has no entry to ask for
		return found, nil
	}
	if err != nil {
		return Manifest{}, s.asked(err)
	}
	if err := found.read(image); err != nil {
		return Manifest{}, s.asked(err)
	}
	return found, nil
}

// asked makes an *Error of what kept a manifest from being read; what the session knows of it is better.
func (s *Session) asked(err error) error {
	if failure := s.Failure(); failure != nil {
		return failure
	}
	return s.plan.failure(err)
}

func readsAsIndex(got *remote.Descriptor) error {
	index, err := got.ImageIndex()
	if err != nil {
		return err
	}
	_, err = index.IndexManifest()
	return err
}

func (m *Manifest) read(image v1.Image) error {
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	m.Image, m.ConfigMediaType = digest.String(), string(manifest.Config.MediaType)
	for _, layer := range manifest.Layers {
		m.Layers = append(m.Layers, Layer{MediaType: string(layer.MediaType), Size: layer.Size})
	}
	return nil
}
