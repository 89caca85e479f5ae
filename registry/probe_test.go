package registry_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gcr "github.com/google/go-containerregistry/pkg/registry"
	corev1 "k8s.io/api/core/v1"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

func TestReachSendsOnePingAndNoLogin(t *testing.T) {
	for name, login := range map[string]registrytest.Login{
		"a registry for everybody":      {},
		"a registry that asks for more": {User: "robot", Password: "right"},
		"a registry that wants a token": {User: "robot", Password: "right", Realm: "https://169.254.169.254/token"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.Require("ghcr.io", login)
			f.Options.Credentials = objects(secrets{"apps/pull": pullSecret("ghcr.io", "right")}, nil)
			s := source(t, app, flux.Ref{})
			s.SecretRef = "pull"
			access, err := f.client().Access(t.Context(), s, "", false)
			if err != nil {
				t.Fatal(err)
			}
			got, err := access.Reach(t.Context())
			want := registry.Connection{Address: f.Addr(), TLS: "TLS 1.3", Issuer: "CN=fluxgate registrytest"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("reach (-want +got), %v:\n%s", err, diff)
			}
			if asked := f.Requests(); len(asked) != 1 || asked[0].Path != "/v2/" || asked[0].Authorization != "" {
				t.Errorf("got the requests %+v, want one ping without a login", asked)
			}
		})
	}
}

func TestInsecureReachesPlainHTTP(t *testing.T) {
	plain := httptest.NewServer(gcr.New(gcr.Logger(log.New(io.Discard, "", 0))))
	defer plain.Close()
	f := newFixture(t, "ghcr.io")
	f.Options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasSuffix(address, ":443") {
			return nil, errors.New("connection refused")
		}
		var d net.Dialer
		return d.DialContext(ctx, network, plain.Listener.Addr().String())
	}
	for insecure, want := range map[bool]registry.Connection{true: {Address: plain.Listener.Addr().String()}, false: {}} {
		s := source(t, app, flux.Ref{})
		s.Insecure = insecure
		access, err := f.client().Access(t.Context(), s, "", false)
		if err != nil {
			t.Fatal(err)
		}
		got, err := access.Reach(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != insecure {
			t.Errorf("insecure %t: %v (-want +got):\n%s", insecure, err, diff)
		}
	}
}

func TestReachIsAnsweredByAForbiddenPing(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break("ghcr.io", registrytest.Status(http.StatusForbidden, "DENIED"))
	access, err := f.client().Access(t.Context(), source(t, app, flux.Ref{}), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := access.Reach(t.Context()); err != nil || got.TLS == "" {
		t.Errorf("got %+v and %v, want a connection", got, err)
	}
}

func TestReachFailsLikeAReview(t *testing.T) {
	cases := map[string]struct {
		prepare func(*fixture)
		class   registry.Class
		cause   registry.Cause
	}{
		"an address that the guard refuses": {func(f *fixture) { f.resolves("ghcr.io", "169.254.169.254") }, registry.ClassRefused, ""},
		"a private address":                 {func(f *fixture) { f.resolves("ghcr.io", "10.0.0.5") }, registry.ClassRefused, ""},
		"a redirect to a refused address":   {func(f *fixture) { f.Break("ghcr.io", registrytest.RedirectTo("https://169.254.169.254/")) }, registry.ClassRefused, ""},
		"redirects without end":             {func(f *fixture) { f.Break("ghcr.io", registrytest.RedirectLoop()) }, registry.ClassMalformed, registry.CauseRedirects},
		"a name without an address":         {func(f *fixture) { f.resolves("ghcr.io") }, registry.ClassUnreachable, registry.CauseName},
		"a certificate of another":          {func(f *fixture) { f.Options.Roots = registrytest.Start(t).Roots() }, registry.ClassUnreachable, registry.CauseCertificate},
		"a server error":                    {func(f *fixture) { f.Break("ghcr.io", registrytest.Status(502, "")) }, registry.ClassUnreachable, registry.CauseServer},
		"a connection that is dropped":      {func(f *fixture) { f.Break("ghcr.io", registrytest.Down()) }, registry.ClassUnreachable, ""},
		"a wish for a pause":                {func(f *fixture) { f.Break("ghcr.io", registrytest.RateLimited(9)) }, registry.ClassRateLimited, ""},
		"no answer": {func(f *fixture) {
			f.Options.RequestTimeout = 200 * time.Millisecond
			f.Break("ghcr.io", f.Slow())
		}, registry.ClassTimeout, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			c.prepare(f)
			access, err := f.client().Access(t.Context(), source(t, app, flux.Ref{}), "", false)
			if err != nil {
				t.Fatal(err)
			}
			_, err = access.Reach(t.Context())
			if failure := failureOf(t, err, c.class); failure.Cause != c.cause {
				t.Errorf("got the cause %q, want %q (%v)", failure.Cause, c.cause, failure.Err)
			}
		})
	}
}

func TestAnInterruptEndsReach(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break("ghcr.io", f.Slow())
	access, err := f.client().Access(t.Context(), source(t, app, flux.Ref{}), "", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	_, err = access.Reach(ctx)
	wantClass(t, err, registry.ClassTimeout)
}

func TestCheckRef(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	cases := map[string]struct {
		ref  flux.Ref
		want string // empty: it can be asked for
	}{
		"nothing":                        {},
		"a tag":                          {ref: flux.Ref{Tag: "v1"}},
		"a digest":                       {ref: flux.Ref{Digest: digest}},
		"a digest beside what is no tag": {ref: flux.Ref{Digest: digest, Tag: "-", Semver: "newest"}},
		"a digest of SHA-512":            {ref: flux.Ref{Digest: "sha512:" + strings.Repeat("a", 128)}},
		"a short digest":                 {ref: flux.Ref{Digest: "sha256:abc"}, want: "spec.ref.digest"},
		"a digest in capitals":           {ref: flux.Ref{Digest: strings.ToUpper(digest)}, want: "spec.ref.digest"},
		"a tag that is none":             {ref: flux.Ref{Tag: "-"}, want: "spec.ref.tag"},
		"a range that is none":           {ref: flux.Ref{Semver: "newest", Tag: "v1"}, want: "spec.ref.semver"},
		"a filter that is none":          {ref: flux.Ref{Semver: "1.x", SemverFilter: "("}, want: "spec.ref.semverFilter"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := registry.CheckRef(source(t, app, c.ref))
			got := ""
			if bad := (*flux.ObjectError)(nil); errors.As(err, &bad) {
				got = bad.Path
				wantClass(t, err, registry.ClassReference)
			}
			if got != c.want {
				t.Errorf("got %v, want an error at %q", err, c.want)
			}
		})
	}
}

func TestHasEntry(t *testing.T) {
	cases := map[string]struct {
		auths string
		want  bool
	}{
		"the host":             {`{"ghcr.io": {"username": "a", "password": "b"}}`, true},
		"the host with a path": {`{"https://ghcr.io/acme": {"username": "a", "password": "b"}}`, true},
		"another path":         {`{"ghcr.io/other": {"username": "a", "password": "b"}}`, false},
		"another host":         {`{"quay.io": {"username": "a", "password": "b"}}`, false},
		"nothing":              {`{}`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			credentials := objects(secrets{"apps/pull": {Type: dockerConfigJSON, Data: map[string][]byte{
				corev1.DockerConfigJsonKey: []byte(`{"auths": ` + c.auths + `}`),
			}}}, nil)
			s := source(t, app, flux.Ref{})
			s.SecretRef = "pull"
			login, err := credentials.For(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if got := login.HasEntry(s); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
	anonymous, err := registry.Anonymous{}.For(t.Context(), source(t, app, flux.Ref{}))
	if err != nil || anonymous.HasEntry(source(t, app, flux.Ref{})) {
		t.Errorf("the anonymous login has an entry (%v)", err)
	}
}
