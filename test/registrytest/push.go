package registrytest

import (
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
)

const manifestType = string(types.OCIManifestSchema1)

// Repeatable makes what is pushed from now on numbered instead of random, so that every run has the same digests.
func (r *Registry) Repeatable() {
	var pushed atomic.Int64
	r.text = func() string { return "artifact " + strconv.FormatInt(pushed.Add(1), 10) }
}

// Push stores a new artifact like those of `flux push artifact` (a random ConfigMap) under a tag of a repository
// ("ghcr.io/acme/app"), and returns its digest.
func (r *Registry) Push(repository, tag string) (string, error) {
	a, err := fluxArtifact(r.text())
	if err != nil {
		return "", err
	}
	return r.push(repository, tag, a)
}

// PushChart stores a Helm chart of that name and version, under the version as a tag ("+" written "_", as Helm does),
// and returns its digest. The repository is the chart's own: "ghcr.io/acme/charts/podinfo".
func (r *Registry) PushChart(repository, chart, version string) (string, error) {
	a, err := chartArtifact(chart, version, r.text())
	if err != nil {
		return "", err
	}
	return r.push(repository, chartTag(version), a)
}

// PushIndex stores an index of two new artifacts under a tag, and returns the index's digest.
func (r *Registry) PushIndex(repository, tag string) (string, error) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, architecture := range []string{"amd64", "arm64"} {
		digest, err := r.Push(repository, "part-of-index-"+architecture)
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
	return r.put(repository, tag, manifest{raw: raw, mediaType: types.OCIImageIndex})
}

// Move lets a tag name what a digest of the same repository names.
func (r *Registry) Move(repository, tag, digest string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	found, err := remote.Get(repo.Digest(digest), r.stored())
	if err != nil {
		return fmt.Errorf("read %s@%s: %w", repository, digest, err)
	}
	return remote.Tag(repo.Tag(tag), found, r.stored())
}

// Delete removes a tag.
func (r *Registry) Delete(repository, tag string) error {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return err
	}
	return remote.Delete(repo.Tag(tag), r.stored())
}

func (r *Registry) push(repository, tag string, a artifact) (string, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return "", err
	}
	for _, blob := range []v1.Layer{a.config, a.layer} {
		if err := remote.WriteLayer(repo, blob, r.stored()); err != nil {
			return "", fmt.Errorf("store a blob of %s: %w", repository, err)
		}
	}
	m, err := a.manifest()
	if err != nil {
		return "", err
	}
	return r.put(repository, tag, m)
}

func (r *Registry) put(repository, tag string, m manifest) (string, error) {
	repo, err := name.NewRepository(repository)
	if err != nil {
		return "", err
	}
	if err := remote.Put(repo.Tag(tag), m, r.stored()); err != nil {
		return "", fmt.Errorf("store %s:%s: %w", repository, tag, err)
	}
	digest, err := static.NewLayer(m.raw, m.mediaType).Digest()
	return digest.String(), err
}

func (r *Registry) stored() remote.Option {
	return remote.WithTransport(r.Stored())
}

// Stored reaches what is stored, to read and to write, without network, log, faults and logins.
func (r *Registry) Stored() http.RoundTripper { return storage(r.hosts) }

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
