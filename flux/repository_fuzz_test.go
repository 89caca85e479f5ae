package flux

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
)

// FuzzParseRepository holds ParseRepository against Flux's own reading of the url: whatever is accepted is accepted by
// Flux too, is dialled where it was judged, and has one form only.
func FuzzParseRepository(f *testing.F) {
	for _, seed := range []string{
		"oci://ghcr.io/acme/app", "oci://podinfo", "oci://docker.io/a", "oci://index.docker.io:443/a", "oci://registry:443/a",
		"oci://GHCR.IO.:443/a/b", "oci://10.0.0.1:443/a", "oci://[2001:db8::1]:5000/a", "oci://localhost:5000/a", "oci://x.local./a",
		"oci://[::ffff:1.2.3.4]/a", "oci://0x7f.1/a", "oci://a/../b", "oci://a@b/c", "oci://a.b:1/c:d", "oci://\u212A.io/a", "oci://1.2.3.4/a",
	} {
		f.Add(seed)
	}
	// Registry.Scheme of go-containerregistry 0.21.5 and before, whose expressions are not anchored.
	oldHTTP := regexp.MustCompile(`\.local(?:host)?(?::\d{1,5})?$|127\.0\.0\.1|::1`)
	f.Fuzz(func(t *testing.T, written string) {
		judged, err := ParseRepository(written)
		if err != nil {
			if text := err.Error(); !judged.IsZero() || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\x00\x1b") || len(text) > 512 {
				t.Errorf("%q with the message %q", judged, text)
			}
			return
		}
		flux, tagged := parseLikeFlux(t, written)
		if tagged {
			t.Errorf("Flux sees a tag in %q", written)
		}
		agree(t, flux, judged)
		if again, err := ParseRepository("oci://" + judged.String()); err != nil || again != judged {
			t.Errorf("%q is not canonical: %q, %v", judged, again, err)
		}
		u, err := url.Parse("https://" + judged.String())
		if err != nil || u.Host != judged.Host || u.Path != "/"+judged.Path || path.Clean(u.Path) != u.Path || u.User != nil {
			t.Errorf("a client reads %q as %#v, %v", judged, u, err)
		}
		http := flux.Scheme() == "http" || oldHTTP.MatchString(flux.RegistryStr())
		if http && !judged.SilentHTTP() {
			t.Errorf("Flux reaches %q by http", judged)
		}
	})
}

// parseLikeFlux is parseRepository of source-controller.
func parseLikeFlux(t *testing.T, written string) (repository name.Repository, tagged bool) {
	t.Helper()
	rest, found := strings.CutPrefix(written, "oci://")
	repository, err := name.NewRepository(rest)
	if err != nil || !found {
		t.Fatalf("Flux refuses %q: %v", written, err)
	}
	return repository, strings.Contains(strings.TrimPrefix(rest, repository.RegistryStr()), ":")
}

// FuzzChartRepository holds the repository of a chart against both readings that Flux has of it: Helm's, which pulls, and
// go-containerregistry's, which verifies.
func FuzzChartRepository(f *testing.F) {
	f.Add("oci://ghcr.io/acme/charts/", "podinfo")
	f.Add("oci://docker.io", "podinfo")
	f.Add("oci://org/charts", "podinfo")
	f.Add("oci://ghcr.io/acme", "../evil/podinfo")
	f.Add("oci://ghcr.io", "a/b")
	f.Fuzz(func(t *testing.T, written, chart string) {
		prefix, err := parseHelmRepository(written)
		if err != nil {
			return
		}
		judged, err := chartRepository(prefix, chart)
		if err != nil {
			return
		}
		// source-controller, NormalizeURL and OCIChartRepository.getChartVersion
		u, err := url.Parse(written)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = path.Join(strings.TrimRight(u.Path, "/"), chart)
		pulled := strings.TrimPrefix(u.String(), "oci://")
		verified, err := name.NewRepository(pulled)
		if err != nil {
			t.Fatalf("go-containerregistry refuses %q: %v", pulled, err)
		}
		agree(t, verified, judged)
		host, repository, _ := strings.Cut(pulled, "/") // oras-go, registry.ParseReference
		if host = strings.ToLower(host); host != "docker.io" && host != verified.RegistryStr() && host != strings.ToLower(verified.RegistryStr()) {
			t.Errorf("Helm dials %q, go-containerregistry %q", host, verified.RegistryStr())
		}
		if repository != judged.Path {
			t.Errorf("Helm pulls %q, judged is %q", repository, judged.Path)
		}
	})
}
