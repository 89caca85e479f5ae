package registrytest_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

func head(t *testing.T, transport http.RoundTripper, reference string) string {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(ref, remote.WithTransport(transport))
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest.String()
}

func TestHostsAreRegistriesOfTheirOwn(t *testing.T) {
	r := registrytest.Start(t, "ghcr.io", "registry.example.com:5000")
	want := map[string]string{
		"ghcr.io/acme/app:v1":                   r.MustPush(t, "ghcr.io/acme/app", "v1"),
		"registry.example.com:5000/acme/app:v1": r.MustPush(t, "registry.example.com:5000/acme/app", "v1"),
	}
	got := map[string]string{}
	for reference := range want {
		got[reference] = head(t, r.Transport(), reference)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
	if n := r.Count(http.MethodHead, "ghcr.io/acme"); n != 1 {
		t.Errorf("counted %d HEAD requests, want 1", n)
	}
	if n := r.Count("", "ghcr.io/ac"); n != 0 {
		t.Errorf("counted %d requests below half a segment", n)
	}
}

func TestTagsMoveAndGo(t *testing.T) {
	r := registrytest.Start(t, "ghcr.io")
	first := r.MustPush(t, "ghcr.io/acme/app", "v1")
	second := r.MustPush(t, "ghcr.io/acme/app", "v2")
	if first == second {
		t.Fatal("two artifacts are the same")
	}
	if err := r.Move("ghcr.io/acme/app", "v1", second); err != nil {
		t.Fatal(err)
	}
	if got := head(t, r.Transport(), "ghcr.io/acme/app:v1"); got != second {
		t.Errorf("got %s, want %s", got, second)
	}
	if err := r.Delete("ghcr.io/acme/app", "v1"); err != nil {
		t.Fatal(err)
	}
	tags, err := remote.List(name.MustParseReference("ghcr.io/acme/app").Context(), remote.WithTransport(r.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v2"}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestArtifactsLookLikeFluxsAndHelms(t *testing.T) {
	r := registrytest.Start(t, "ghcr.io")
	r.MustPush(t, "ghcr.io/acme/app", "v1")
	if _, err := r.PushChart("ghcr.io/acme/charts/podinfo", "podinfo", "1.0.0+5"); err != nil {
		t.Fatal(err)
	}
	cases := map[string][2]string{
		"ghcr.io/acme/app:v1": {
			"application/vnd.cncf.flux.config.v1+json", "application/vnd.cncf.flux.content.v1.tar+gzip",
		},
		"ghcr.io/acme/charts/podinfo:1.0.0_5": {
			"application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
		},
	}
	for reference, want := range cases {
		ref, err := name.ParseReference(reference)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(ref, remote.WithTransport(r.Transport()))
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		got := [2]string{string(manifest.Config.MediaType), string(manifest.Layers[0].MediaType)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reference, diff)
		}
		layers, err := image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		if content, err := layers[0].Uncompressed(); err != nil {
			t.Errorf("%s: %v", reference, err)
		} else if err := content.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheProxyLeadsToItsRegistriesOnly(t *testing.T) {
	r := registrytest.Start(t, "ghcr.io")
	want := r.MustPush(t, "ghcr.io/acme/app", "v1")
	p := registrytest.StartProxy(t, r)
	proxied := r.Transport()
	proxied.DialContext = nil
	proxied.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(p.URL()) }
	if got := head(t, proxied, "ghcr.io/acme/app:v1"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, elsewhere := range []string{"https://quay.io/v2/", "http://ghcr.io/v2/"} {
		resp, err := (&http.Client{Transport: proxied}).Get(elsewhere)
		if err == nil {
			_ = resp.Body.Close() // only its status matters
			if resp.StatusCode != http.StatusBadGateway {
				t.Errorf("%s: got status %d", elsewhere, resp.StatusCode)
			}
		}
	}
	if diff := cmp.Diff([]string{"ghcr.io:443", "quay.io:443", "http://ghcr.io"}, p.Asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}
