package notation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

// asked are the requests since the way was opened, with digests by their names.
func (f *fixture) asked(t *testing.T) []string {
	t.Helper()
	var asked []string
	for _, request := range f.Requests() {
		line := request.Method + " " + strings.TrimPrefix(request.Path, "/v2/acme/app/")
		line = strings.ReplaceAll(line, f.digest, "ARTIFACT")
		line = strings.ReplaceAll(line, strings.Replace(f.digest, ":", "-", 1), "ARTIFACT-TAG")
		if before, _, found := strings.Cut(line, "sha256:"); found {
			line = before + "DIGEST"
		}
		if request.Query != "" {
			line += "?" + request.Query
		}
		asked = append(asked, line)
	}
	return asked
}

// list is the request for the list of signatures; signature are those for one of them.
const list = "GET referrers/ARTIFACT?artifactType=application%2Fvnd.cncf.notary.signature"

func signature() []string { return []string{"GET manifests/DIGEST", "GET blobs/DIGEST"} }

// TestRequests: one for the list, and two for each signature that is looked at. Each needs what the one before has answered.
func TestRequests(t *testing.T) {
	noAPI := registrytest.Status(http.StatusNotFound, "NOT_FOUND")
	sign := func(t *testing.T, f *fixture) { f.sign(t, signing.NotationSignature{}) }
	for sentence, test := range map[string]struct {
		prepare func(t *testing.T, f *fixture)
		reason  verify.Reason
		want    []string
	}{
		"a signature": {prepare: sign, want: append([]string{list}, signature()...)},
		"none":        {prepare: func(*testing.T, *fixture) {}, reason: verify.ReasonUnsigned, want: []string{list}},
		"a registry without the list, but with its tag": {
			prepare: func(t *testing.T, f *fixture) {
				f.Break(repository+"/referrers", noAPI)
				sign(t, f)
			},
			want: append([]string{list, "GET manifests/ARTIFACT-TAG"}, signature()...),
		},
		"a registry without the list, and no tag": {
			prepare: func(_ *testing.T, f *fixture) { f.Break(repository+"/referrers", noAPI) },
			reason:  verify.ReasonUnsigned, want: []string{list, "GET manifests/ARTIFACT-TAG"},
		},
		"a repository that does not exist": {
			prepare: func(_ *testing.T, f *fixture) {
				f.Break(repository, registrytest.Status(http.StatusNotFound, "NAME_UNKNOWN"))
			},
			reason: verify.ReasonUnsigned, want: []string{list},
		},
		"a signature whose manifest is not what the list says": {
			prepare: func(t *testing.T, f *fixture) {
				sign(t, f)
				f.list(t, descriptor(ocispec.MediaTypeImageManifest, []byte("{}")))
			},
			reason: verify.ReasonMalformed, want: []string{list, "GET manifests/DIGEST"},
		},
		"a signature whose manifest is too large": {
			prepare: func(t *testing.T, f *fixture) {
				large := descriptor(ocispec.MediaTypeImageManifest, nil)
				large.Size = 1 << 40
				f.list(t, large)
			},
			reason: verify.ReasonMalformed, want: []string{list},
		},
		"a signature whose digest is a path": {
			prepare: func(t *testing.T, f *fixture) {
				path := descriptor(ocispec.MediaTypeImageManifest, nil)
				path.Digest = "sha256:../../../other/manifests/v1"
				f.list(t, path)
			},
			reason: verify.ReasonMalformed, want: []string{list},
		},
		"a signature whose media type is a header": {
			prepare: func(t *testing.T, f *fixture) {
				f.list(t, descriptor(ocispec.MediaTypeImageManifest+"\r\nHost: other.example.com", nil))
			},
			reason: verify.ReasonMalformed, want: []string{list},
		},
		"a signature whose envelope's digest is a path": {
			prepare: func(t *testing.T, f *fixture) {
				f.manifest(t, ocispec.MediaTypeImageManifest, `{"layers":[{"digest":"sha256:../../../other/blobs/x","size":2}]}`)
			},
			reason: verify.ReasonMalformed, want: []string{list, "GET manifests/DIGEST"},
		},
		"a signature whose envelope is too large": {
			prepare: func(t *testing.T, f *fixture) {
				signing.AttachNotation(t, f.Registry, repository, f.digest, signing.JWS, []byte(strings.Repeat(" ", 64<<10+1)))
			},
			reason: verify.ReasonMalformed, want: []string{list, "GET manifests/DIGEST"},
		},
		"signatures without end": {
			prepare: func(t *testing.T, f *fixture) {
				for range 5 {
					signing.NewNotationAuthority(t, "Other").Signer(t, "builder").
						Sign(t, f.Registry, repository, f.digest, signing.NotationSignature{})
				}
			},
			reason: verify.ReasonTooMany, want: append([]string{list}, slices.Repeat(signature(), 3)...),
		},
		"pages without end": {
			prepare: func(t *testing.T, f *fixture) {
				f.Break(repository+"/referrers", index(t, `</v2/acme/app/referrers/`+f.digest+`?page=again>; rel="next"`))
			},
			reason: verify.ReasonTooMany,
			want:   append([]string{list}, slices.Repeat([]string{"GET referrers/ARTIFACT?page=again"}, 31)...),
		},
		"pages of another registry": {
			prepare: func(t *testing.T, f *fixture) {
				f.Break(repository+"/referrers", index(t, `<https://evil.example.com/v2/>; rel="next"`))
			},
			reason: verify.ReasonMalformed, want: []string{list},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			test.prepare(t, f)
			if got := f.verify(t, f.material(t)); got.Reason != test.reason {
				t.Errorf("got %q, want %q", got.Reason, test.reason)
			}
			if diff := cmp.Diff(test.want, f.asked(t)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTwoHundredSignatures: Flux looks at the first three, and so do we.
func TestTwoHundredSignatures(t *testing.T) {
	f := newFixture(t)
	f.sign(t, signing.NotationSignature{})
	good := f.listed(t)[0]
	var listed []ocispec.Descriptor
	for i := range 199 {
		listed = append(listed, descriptor(ocispec.MediaTypeImageManifest, fmt.Append(nil, i)))
	}
	f.list(t, append(listed, good)...)
	compare(t, verify.Unverified(verify.ReasonTooMany,
		"has more signatures than the 3 that Flux looks at, of which none counts: it "+unreadable), f.verify(t, f.material(t)))

	f.list(t, append(slices.Clone(listed[:2]), append([]ocispec.Descriptor{good}, listed[2:]...)...)...)
	compare(t, by(t, f.authority, f.signer), f.verify(t, f.material(t)))

	f.list(t, listed[:3]...)
	compare(t, verify.Unverified(verify.ReasonMalformed, unreadable), f.verify(t, f.material(t)))
}

// descriptor is that of a content.
func descriptor(mediaType string, content []byte) ocispec.Descriptor {
	found := ocispec.Descriptor{MediaType: mediaType, ArtifactType: "application/vnd.cncf.notary.signature", Size: int64(len(content))}
	found.Digest = digestOf(content)
	return found
}

// index answers a page of referrers.
func index(t *testing.T, link string, listed ...ocispec.Descriptor) registrytest.Fault {
	t.Helper()
	content, err := json.Marshal(ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: listed})
	if err != nil {
		t.Fatal(err)
	}
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			if link != "" {
				w.Header().Set("Link", link)
			}
			_, _ = w.Write(content) // a client that went away fails by itself
		})
	}
}

// list lets the registry list these as referrers.
func (f *fixture) list(t *testing.T, listed ...ocispec.Descriptor) {
	t.Helper()
	f.Break(repository+"/referrers", index(t, "", listed...))
}

// listed are the referrers of the artifact.
func (f *fixture) listed(t *testing.T) []ocispec.Descriptor {
	t.Helper()
	resp, err := (&http.Client{Transport: f.Transport()}).Get("https://ghcr.io/v2/acme/app/referrers/" + f.digest)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var found ocispec.Index
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil {
		t.Fatal(err)
	}
	return found.Manifests
}
