package registry_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const ociManifest = "application/vnd.oci.image.manifest.v1+json"

func manifestOf(t *testing.T, f *fixture, digest string) (registry.Manifest, error) {
	t.Helper()
	access, err := f.client().Access(t.Context(), source(t, app, flux.Ref{}), digest, false)
	if err != nil {
		t.Fatal(err)
	}
	session, err := access.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	return session.Manifest(digest)
}

func TestTheManifestOfADigest(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	digest := f.MustPush(t, app, "v1")
	got, err := manifestOf(t, f, digest)
	if err != nil || len(got.Layers) != 1 {
		t.Fatalf("got %+v and %v, want one layer", got, err)
	}
	want := registry.Manifest{
		MediaType: ociManifest, Image: digest, ConfigMediaType: "application/vnd.cncf.flux.config.v1+json",
		Layers: []registry.Layer{{MediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", Size: got.Layers[0].Size}},
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Layers[0].Size == 0 {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	f.wantCount(t, http.MethodGet, app+"/manifests", 1)
}

func TestTheManifestOfAnIndexIsItsFirstForLinuxAMD64(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	index, err := f.PushIndex(app, "v1")
	if err != nil {
		t.Fatal(err)
	}
	image := mustResolve(t, f.client(), tagged(t, app, "part-of-index-amd64")).Digest
	got, err := manifestOf(t, f, index)
	if err != nil || !got.Index || got.Image != image || len(got.Layers) != 1 {
		t.Errorf("got %+v and %v, want the image %s of the index", got, err, image)
	}
}

// stored answers whatever it is asked for with a manifest.
func stored(mediaType, manifest string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
			_, _ = io.WriteString(w, manifest) // the client tells
		})
	}
}

func TestManifestsThatFluxCouldNotPull(t *testing.T) {
	const index = "application/vnd.oci.image.index.v1+json"
	const part = `{"schemaVersion":2,"manifests":[{"mediaType":"` + ociManifest + `","size":2,"digest":"sha256:%s","platform":{"os":"linux","architecture":%q}}]}`
	other := strings.Repeat("b", 64)
	cases := map[string]struct {
		mediaType, manifest string
		digest              string // empty: that of the manifest
		fault               registrytest.Fault
		class               registry.Class // empty: an index without an image
	}{
		"an index for another platform":   {mediaType: index, manifest: fmt.Sprintf(part, other, "arm64")},
		"an index of nothing":             {mediaType: index, manifest: `{"schemaVersion":2,"manifests":[]}`},
		"an index that is none":           {mediaType: index, manifest: `{"manifests":7}`, class: registry.ClassMalformed},
		"an index whose entry is another": {mediaType: index, manifest: fmt.Sprintf(part, other, "amd64"), class: registry.ClassMalformed},
		"another manifest":                {mediaType: ociManifest, manifest: "{}", digest: "sha256:" + other, class: registry.ClassMalformed},
		"no JSON":                         {mediaType: ociManifest, manifest: "<html>", class: registry.ClassMalformed},
		"a manifest of long ago":          {mediaType: "application/vnd.docker.distribution.manifest.v1+json", manifest: "{}", class: registry.ClassMalformed},
		"none":                            {fault: registrytest.Status(404, "MANIFEST_UNKNOWN"), digest: "sha256:" + other, class: registry.ClassNotFound},
		"a manifest of 100 MB":            {fault: registrytest.Huge(100 << 20), digest: "sha256:" + other, class: registry.ClassMalformed},
		"a redirect to a refused place":   {fault: registrytest.RedirectTo("https://169.254.169.254/"), digest: "sha256:" + other, class: registry.ClassRefused},
		"a no":                            {fault: registrytest.Status(403, "DENIED"), digest: "sha256:" + other, class: registry.ClassUnauthorized},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			if c.fault == nil {
				c.fault = stored(c.mediaType, c.manifest)
			}
			if c.digest == "" {
				c.digest = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(c.manifest)))
			}
			f.Break(app, c.fault)
			got, err := manifestOf(t, f, c.digest)
			if c.class != "" {
				failure := failureOf(t, err, c.class)
				if c.class == registry.ClassUnauthorized && failure.Advice == "" {
					t.Error("the advice about the login is missing, which only the session knows")
				}
				return
			}
			if diff := cmp.Diff(registry.Manifest{MediaType: index, Index: true}, got); diff != "" || err != nil {
				t.Errorf("manifest (-want +got), %v:\n%s", err, diff)
			}
		})
	}
}
