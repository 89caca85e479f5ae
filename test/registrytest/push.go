package registrytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

const manifestType = string(types.OCIManifestSchema1)

// Pusher stores artifacts in registries.
type Pusher struct {
	options []remote.Option
	text    func() string // makes each artifact another
}

// NewPusher reaches registries as the options say.
func NewPusher(options ...remote.Option) *Pusher {
	return &Pusher{options: options, text: rand.Text}
}

// Repeatable makes what is pushed from now on numbered instead of random, so that every run has the same digests.
func (p *Pusher) Repeatable() {
	var pushed atomic.Int64
	p.text = func() string { return "artifact " + strconv.FormatInt(pushed.Add(1), 10) }
}

// Push stores a new artifact like those of `flux push artifact` (a random ConfigMap) under a tag of a repository
// ("ghcr.io/acme/app"), and returns its digest.
func (p *Pusher) Push(repository, tag string) (string, error) {
	return p.PushFiles(repository, tag, configMap(p.text()))
}

// PushFiles is Push with files, by their names, in the place of the ConfigMap.
func (p *Pusher) PushFiles(repository, tag string, files map[string]string) (string, error) {
	a, err := fluxArtifact(files)
	if err != nil {
		return "", err
	}
	return p.push(repository, tag, a)
}

// PushChart stores a Helm chart of that name and version, under the version as a tag ("+" written "_", as Helm does),
// and returns its digest. The repository is the chart's own: "ghcr.io/acme/charts/podinfo".
func (p *Pusher) PushChart(repository, chart, version string) (string, error) {
	a, err := chartArtifact(chart, version, p.text())
	if err != nil {
		return "", err
	}
	return p.push(repository, chartTag(version), a)
}

// PushIndex stores an index of two new artifacts under a tag, and returns the index's digest.
func (p *Pusher) PushIndex(repository, tag string) (string, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, architecture := range []string{"amd64", "arm64"} {
		digest, err := p.Push(repository, "part-of-index-"+architecture)
		if err != nil {
			return "", err
		}
		part, err := v1.NewHash(digest)
		if err != nil {
			return "", err
		}
		index.Manifests = append(index.Manifests, v1.Descriptor{
			MediaType: types.OCIManifestSchema1, Digest: part,
			Platform: &v1.Platform{OS: "linux", Architecture: architecture},
		})
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return "", err
	}
	return p.put(repository, tag, manifest{raw: raw, mediaType: types.OCIImageIndex})
}

// Move lets a tag name what a digest of the same repository names.
func (p *Pusher) Move(repository, tag, digest string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	found, err := remote.Get(repo.Digest(digest), p.options...)
	if err != nil {
		return fmt.Errorf("read %s@%s: %w", repository, digest, err)
	}
	return remote.Tag(repo.Tag(tag), found, p.options...)
}

// PushTags lets many tags name what a digest of the same repository names.
func (p *Pusher) PushTags(ctx context.Context, repository, digest string, tags []string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	pusher, err := remote.NewPusher(p.options...) // which asks once how to log in
	if err != nil {
		return err
	}
	found, err := remote.Get(repo.Digest(digest), p.options...)
	if err != nil {
		return fmt.Errorf("read %s@%s: %w", repository, digest, err)
	}
	pushes, ctx := errgroup.WithContext(ctx)
	pushes.SetLimit(8)
	for _, tag := range tags {
		pushes.Go(func() error { return pusher.Put(ctx, repo.Tag(tag), found) })
	}
	return pushes.Wait()
}

// Delete removes a tag.
func (p *Pusher) Delete(repository, tag string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	return remote.Delete(repo.Tag(tag), p.options...)
}

func (p *Pusher) push(repository, tag string, a artifact) (string, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return "", err
	}
	for _, blob := range []v1.Layer{a.config, a.layer} {
		if err := remote.WriteLayer(repo, blob, p.options...); err != nil {
			return "", fmt.Errorf("store a blob of %s: %w", repository, err)
		}
	}
	m, err := a.manifest()
	if err != nil {
		return "", err
	}
	return p.put(repository, tag, m)
}

func (p *Pusher) put(repository, tag string, m manifest) (string, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return "", err
	}
	if err := remote.Put(repo.Tag(tag), m, p.options...); err != nil {
		return "", fmt.Errorf("store %s:%s: %w", repository, tag, err)
	}
	digest, err := static.NewLayer(m.raw, m.mediaType).Digest()
	return digest.String(), err
}

// Stored reaches what is stored, to read and to write, without network, log, faults and logins.
func (r *Registry) Stored() http.RoundTripper { return storage(r.hosts) }

// storage lets the handlers of the hosts answer.
type storage map[string]http.Handler

// RoundTrip lets the handler of the host answer.
func (s storage) RoundTrip(req *http.Request) (*http.Response, error) {
	handler, known := s[req.URL.Host]
	if !known {
		return nil, fmt.Errorf("registrytest serves no host %s", req.URL.Host)
	}
	recorded := httptest.NewRecorder()
	inbound := req.Clone(req.Context())
	if inbound.Body == nil {
		inbound.Body = http.NoBody
	}
	handler.ServeHTTP(recorded, inbound)
	resp := recorded.Result()
	resp.Request = req
	return resp, nil
}
