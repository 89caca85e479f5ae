package registry_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// failures are what a registry may do instead of answering. What users read of each is in testdata/failures.golden.
func failures() map[string]struct {
	at    string
	fault func(*registrytest.Registry) registrytest.Fault
	ref   flux.Ref
	class registry.Class
} {
	type failure = struct {
		at    string
		fault func(*registrytest.Registry) registrytest.Fault
		ref   flux.Ref
		class registry.Class
	}
	plain := func(f registrytest.Fault) func(*registrytest.Registry) registrytest.Fault {
		return func(*registrytest.Registry) registrytest.Fault { return f }
	}
	v1, versions := flux.Ref{Tag: "v1"}, flux.Ref{Semver: "1.x"}
	return map[string]failure{
		"connection dropped":            {"ghcr.io", plain(registrytest.Down()), v1, registry.ClassUnreachable},
		"server error":                  {app, plain(registrytest.Status(503, "UNAVAILABLE")), v1, registry.ClassUnreachable},
		"no answer to the ping":         {"ghcr.io", (*registrytest.Registry).Slow, v1, registry.ClassTimeout},
		"no answer to the manifest":     {app, (*registrytest.Registry).Slow, v1, registry.ClassTimeout},
		"a manifest that never ends":    {app, (*registrytest.Registry).Drip, v1, registry.ClassTimeout},
		"tags that never end":           {app, (*registrytest.Registry).Drip, versions, registry.ClassTimeout},
		"401 without a challenge":       {app, plain(registrytest.Status(401, "UNAUTHORIZED")), v1, registry.ClassUnauthorized},
		"403":                           {app, plain(registrytest.Status(403, "DENIED")), v1, registry.ClassUnauthorized},
		"no such tag":                   {app + "/none", plain(nil), v1, registry.ClassNotFound},
		"no such repository of tags":    {app + "/none", plain(nil), versions, registry.ClassNotFound},
		"a ping that is not found":      {"ghcr.io", plain(registrytest.Status(404, "")), v1, registry.ClassMalformed},
		"rate limit":                    {app, plain(registrytest.RateLimited(30)), v1, registry.ClassRateLimited},
		"bad request":                   {app, plain(registrytest.Status(400, "")), v1, registry.ClassMalformed},
		"garbage for a manifest":        {app, plain(registrytest.Garbage()), v1, registry.ClassMalformed},
		"a page of HTML for everything": {app, plain(text(http.StatusOK, "<html>Please log in</html>")), v1, registry.ClassMalformed},
		"JSON that is no manifest":      {app, plain(text(http.StatusOK, `{"schemaVersion":1}`)), v1, registry.ClassMalformed},
		"garbage for tags":              {app, plain(registrytest.Garbage()), versions, registry.ClassMalformed},
		"garbage for the ping":          {"ghcr.io", plain(registrytest.Garbage()), v1, registry.ClassMalformed},
		"redirect loop":                 {app, plain(registrytest.RedirectLoop()), v1, registry.ClassMalformed},
		"redirect loop of the ping":     {"ghcr.io", plain(registrytest.RedirectLoop()), v1, registry.ClassMalformed},
		"a manifest of 100 MB":          {app, plain(registrytest.Huge(100 << 20)), v1, registry.ClassMalformed},
		"tags of 100 MB":                {app, plain(registrytest.Huge(100 << 20)), versions, registry.ClassMalformed},
		"a manifest announced as huge":  {app, plain(header("Content-Length", "104857600")), v1, registry.ClassMalformed},
		"a digest of another algorithm": {
			app, plain(header("Docker-Content-Digest", "sha512:"+strings.Repeat("a", 128))), v1, registry.ClassMalformed,
		},
		"a manifest that contradicts its digest": {app, plain(contradiction()), v1, registry.ClassMalformed},
		"redirect to metadata":                   {app, plain(registrytest.RedirectTo("https://169.254.169.254/")), v1, registry.ClassRefused},
		"redirect to plain http":                 {app, plain(registrytest.RedirectTo("http://cdn.example/")), v1, registry.ClassRefused},
		"redirect to an unknown host":            {app, plain(registrytest.RedirectTo("https://gone.example/")), v1, registry.ClassUnreachable},
	}
}

// header answers 200 with a header that is otherwise right.
func header(name, value string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Content-Length", "2")
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64))
			w.Header().Set(name, value)
		})
	}
}

// contradiction refuses HEAD, and answers GET with a manifest whose digest is not the one in the header.
func contradiction() registrytest.Fault {
	return func(http.Handler) http.Handler {
		return registrytest.NoHead()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64))
			_, _ = fmt.Fprint(w, `{"schemaVersion":2}`) // the client tells
		}))
	}
}

func TestEveryFailureHasItsClassAndSaysNoMoreThanItShould(t *testing.T) {
	texts := map[string]string{}
	for name, c := range failures() {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			if c.class != registry.ClassNotFound {
				f.MustPush(t, app, "v1")
			}
			f.Break(c.at, c.fault(f.Registry))
			if c.class == registry.ClassTimeout {
				f.Options.RequestTimeout, f.Options.ResolveTimeout = 400*time.Millisecond, 600*time.Millisecond
			}
			_, err := resolve(t, f.client(), registry.Query{Source: source(t, app, c.ref)})
			failure := failureOf(t, err, c.class)
			if failure.Err == nil {
				t.Error("the log gets no detail")
			}
			texts[name] = failure.Error()
		})
	}
	var golden strings.Builder
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		fmt.Fprintf(&golden, "%s:\n  %s\n", name, texts[name])
	}
	compareGolden(t, "failures.golden", golden.String())
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update writes it anew):\n%s", path, diff)
	}
}

func TestAManifestOf100MBTakesLittleMemory(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break(app, registrytest.Huge(100<<20))
	client := f.client()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := resolve(t, client, tagged(t, app, "v1"))
	runtime.ReadMemStats(&after)
	wantClass(t, err, registry.ClassMalformed)
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 40 {
		t.Errorf("allocated %d MiB for an answer of 100 MiB", allocated)
	}
}

func TestAnUntrustedCertificateIsNamedAsSuch(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.Roots = registrytest.Start(t).Roots()
	_, err := resolve(t, f.client(), tagged(t, app, "v1"))
	if got, want := failureOf(t, err, registry.ClassUnreachable).Error(), app+":v1: unreachable: its certificate is not trusted"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDetailsCarryNoSecrets(t *testing.T) {
	const secret = "s3cr3t"
	cases := map[string]registrytest.Fault{
		"a signed redirect":         registrytest.RedirectTo("https://cdn.example/blob?X-Signature=" + secret),
		"a redirect's user":         registrytest.RedirectTo("https://user:" + secret + "@cdn.example/blob"),
		"the body of errors":        text(http.StatusInternalServerError, `{"errors":[{"code":"UNKNOWN","message":"`+secret+`"}]}`),
		"a page of HTML":            text(http.StatusInternalServerError, secret),
		"a token server's redirect": registrytest.RedirectTo("http://user:" + secret + "@auth.example.com/"),
		"a token's answer":          text(http.StatusOK, `{"refresh_token":"`+secret+`"}`),
	}
	for name, fault := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			at := app
			if strings.Contains(name, "token") {
				f.Require("ghcr.io", registrytest.Login{Realm: "https://auth.example.com/token"})
				at = "auth.example.com"
			}
			f.Break(at, fault)
			_, err := resolve(t, f.client(), tagged(t, app, "v1"))
			if err == nil {
				t.Fatal("got an answer, want an error")
			}
			if f.Count("", at) == 0 {
				t.Fatal("the fault was not reached")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), secret) {
					t.Errorf("the secret is in %q", e)
				}
			}
		})
	}
}

func text(status int, body string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body) // the client tells
		})
	}
}

func TestABadReferenceIsTheUsersAndDialsNothing(t *testing.T) {
	cases := map[string]struct {
		ref  flux.Ref
		want string
	}{
		"a tag that climbs to another repository": {
			flux.Ref{Tag: "../../evil/manifests/v1"},
			`spec.ref.tag: "../../evil/manifests/v1" is not a tag; write letters, digits, '_', '.' and '-', at most 128 of them`,
		},
		"a digest as a tag": {
			flux.Ref{Tag: "sha256:abc"},
			`spec.ref.tag: "sha256:abc" is not a tag; write letters, digits, '_', '.' and '-', at most 128 of them`,
		},
		"a range that is none": {
			flux.Ref{Semver: "latest"},
			`spec.ref.semver: "latest" is not a range of versions; write one like ">=1.0.0 <2.0.0"`,
		},
		"a filter that is none": {
			flux.Ref{Semver: "*", SemverFilter: "("},
			`spec.ref.semverFilter: "(" is not a regular expression; see https://github.com/google/re2/wiki/Syntax`,
		},
		"a filter without measure": {
			flux.Ref{Semver: "*", SemverFilter: strings.Repeat("a", 5000)},
			`spec.ref.semverFilter: has more than 1024 characters; shorten it`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			_, err := resolve(t, f.client(), registry.Query{Source: source(t, app, c.ref)})
			wantClass(t, err, registry.ClassReference)
			var bad *flux.ObjectError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want an error that wraps a *flux.ObjectError", err)
			}
			if diff := cmp.Diff(c.want, bad.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			f.wantCount(t, "", "ghcr.io", 0)
		})
	}
}

func TestABadReferenceOfAForeignSourceTellsNothingOfIt(t *testing.T) {
	s := source(t, app, flux.Ref{Tag: "../secret"})
	s.Path = "spec.chartRef"
	s.Origin = &flux.Key{Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "infra", Name: "app"}}
	_, err := resolve(t, newFixture(t, "ghcr.io").client(), registry.Query{Source: s})
	want := "OCIRepository infra/app: bad-reference: ref.tag of the source cannot be used"
	if diff := cmp.Diff(want, failureOf(t, err, registry.ClassReference).Error()); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestARepositoryWithAProblemIsNotDialled(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	q := tagged(t, app, "v1")
	q.Source.Problem = "it contains a space"
	_, err := resolve(t, f.client(), q)
	wantClass(t, err, registry.ClassReference)
	f.wantCount(t, "", "ghcr.io", 0)
}

func TestOfflineAsksNobody(t *testing.T) {
	_, err := resolve(t, registry.Offline{}, tagged(t, app, "v1"))
	if got, want := failureOf(t, err, registry.ClassOffline).Error(), app+":v1: offline: no registry is asked offline"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
