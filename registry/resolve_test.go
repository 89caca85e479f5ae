package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	app        = "ghcr.io/acme/app"
	chartLayer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

func TestTheTagIsReadAsFluxReadsIt(t *testing.T) {
	cases := map[string]struct {
		push      []string
		ref       flux.Ref
		mediaType string
		want      string
	}{
		"a tag": {
			push: []string{"v1.0.0", "v2.0.0"}, ref: flux.Ref{Tag: "v1.0.0"}, want: "v1.0.0",
		},
		"no ref is latest": {
			push: []string{"latest", "v1.0.0"}, ref: flux.Ref{}, want: "latest",
		},
		"a digest beside the tag is ignored": {
			push: []string{"v1.0.0"}, ref: flux.Ref{Tag: "v1.0.0", Digest: "sha256:abc"}, want: "v1.0.0",
		},
		"semver beats the tag": {
			push: []string{"1.0.0", "1.9.0", "2.0.0"}, ref: flux.Ref{Tag: "2.0.0", Semver: ">=1.0.0 <2.0.0"}, want: "1.9.0",
		},
		"versions are compared as numbers": {
			push: []string{"1.9.0", "1.10.0"}, ref: flux.Ref{Semver: "1.x"}, want: "1.10.0",
		},
		"v prefixes stay in the tag": {
			push: []string{"v1.0.0", "v1.2.0"}, ref: flux.Ref{Semver: "^1.0.0"}, want: "v1.2.0",
		},
		"tags that are no version of three numbers are passed over": {
			push: []string{"1.2.3", "2", "2.0", "latest", "v02.0.0", "vv3.0.0"}, ref: flux.Ref{Semver: "*"}, want: "1.2.3",
		},
		"pre-releases are passed over unless the range has one": {
			push: []string{"1.0.0", "1.1.0-rc.1"}, ref: flux.Ref{Semver: ">=1.0.0"}, want: "1.0.0",
		},
		"pre-releases count where the range has one": {
			push: []string{"1.0.0", "1.1.0-rc.1", "1.1.0-rc.2", "1.1.0-beta"}, ref: flux.Ref{Semver: ">=1.0.0-0"}, want: "1.1.0-rc.2",
		},
		"the filter is an unanchored regular expression on the tag": {
			push: []string{"1.0.0-dev", "1.1.0-prod", "1.2.0-dev"},
			ref:  flux.Ref{Semver: ">=1.0.0-0", SemverFilter: "-prod"}, want: "1.1.0-prod",
		},
		"a filter without a range is ignored": {
			push: []string{"v1.0.0"}, ref: flux.Ref{Tag: "v1.0.0", SemverFilter: "("}, want: "v1.0.0",
		},
		"in charts an underscore is a plus": {
			push: []string{"1.0.0", "1.0.1_build.5"}, ref: flux.Ref{Semver: "1.x"}, mediaType: chartLayer, want: "1.0.1_build.5",
		},
		"elsewhere an underscore makes no version": {
			push: []string{"1.0.0", "1.0.1_build.5"}, ref: flux.Ref{Semver: "1.x"}, want: "1.0.0",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "ghcr.io")
			digests := map[string]string{}
			for _, tag := range c.push {
				digests[tag] = f.MustPush(t, app, tag)
			}
			q := registry.Query{Source: source(t, app, c.ref)}
			q.Source.MediaType = c.mediaType
			got := mustResolve(t, f.client(), q)
			if diff := cmp.Diff(registry.Resolution{Tag: c.want, Digest: digests[c.want]}, got); diff != "" {
				t.Errorf("resolution (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATagThatNamesAnIndexGivesTheDigestOfTheIndex(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	index, err := f.PushIndex(app, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if got := mustResolve(t, f.client(), tagged(t, app, "v1")); got.Digest != index {
		t.Errorf("got %s, want the index's %s", got.Digest, index)
	}
}

func TestWhereHeadIsRefusedTheManifestIsRead(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	f.Break(app, registrytest.NoHead())
	if got := mustResolve(t, f.client(), tagged(t, app, "v1")); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	f.wantCount(t, http.MethodHead, app, 1)
	f.wantCount(t, http.MethodGet, app, 1)
}

func TestDockerHubIsAskedAtItsIndex(t *testing.T) {
	f := newFixture(t, "index.docker.io")
	want := f.MustPush(t, "docker.io/library/redis", "7")
	for _, written := range []string{"redis", "docker.io/redis", "docker.io/library/redis"} {
		if got := mustResolve(t, f.client(), tagged(t, written, "7")); got.Digest != want {
			t.Errorf("%s: got %s, want %s", written, got.Digest, want)
		}
	}
}

func TestAllPagesOfTheTagsAreRead(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	for minor := range 9 {
		f.MustPush(t, app, fmt.Sprintf("1.%d.0", minor))
	}
	f.SetPageSize(2)
	got := mustResolve(t, f.client(), registry.Query{Source: source(t, app, flux.Ref{Semver: "1.x"})})
	if got.Tag != "1.8.0" {
		t.Errorf("got tag %s, want that of the last page, 1.8.0", got.Tag)
	}
	f.wantCount(t, http.MethodGet, app+"/tags/list", 5)
}

func TestAListOfTagsWithoutEndIsMalformed(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break(app+"/tags/list", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Link", "<"+req.URL.Path+`?n=1&last=1.0.0>; rel="next"`)
			_, _ = fmt.Fprint(w, `{"tags":["1.0.0"]}`) // the client tells
		})
	})
	_, err := resolve(t, f.client(), registry.Query{Source: source(t, app, flux.Ref{Semver: "1.x"})})
	wantClass(t, err, registry.ClassMalformed)
	f.wantCount(t, http.MethodGet, app+"/tags/list", 101)
}

func TestAllAnswersTogetherAreLimitedToo(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	page := `{"tags":["1.0.0"],"padding":"` + strings.Repeat(" ", 3<<20) + `"}`
	f.Break(app+"/tags/list", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Link", "<"+req.URL.Path+`?last=1.0.0>; rel="next"`)
			_, _ = fmt.Fprint(w, page) // the client tells
		})
	})
	_, err := resolve(t, f.client(), registry.Query{Source: source(t, app, flux.Ref{Semver: "1.x"})})
	wantClass(t, err, registry.ClassMalformed)
	f.wantCount(t, http.MethodGet, app+"/tags/list", 6) // of 3 MiB each, with a limit of 16
}
