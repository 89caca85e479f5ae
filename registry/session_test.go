package registry_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const anyDigest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func open(t *testing.T, c *registry.Client, s flux.Source) (*registry.Session, error) {
	t.Helper()
	access, err := c.Access(t.Context(), s, anyDigest, false)
	if err != nil {
		return nil, err
	}
	session, err := access.Open(t.Context())
	if err == nil {
		t.Cleanup(session.Close)
	}
	return session, err
}

func mustOpen(t *testing.T, f *fixture) *registry.Session {
	t.Helper()
	session, err := open(t, f.client(), source(t, app, flux.Ref{}))
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// get asks for a path of the repository as a library would, and returns the status; 0 where there is no answer.
func get(t *testing.T, s *registry.Session, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://ghcr.io/v2/acme/app/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: s.Transport()}).Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.ReadAll(resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// TestASessionLogsInOnce, however often a library pings.
func TestASessionLogsInOnce(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	digest, err := f.Push(app, "v1")
	if err != nil {
		t.Fatal(err)
	}
	f.Forget()
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "me", Realm: "https://ghcr.io/token"})
	f.Options.Credentials = objects(secrets{"apps/pull": pullSecret("ghcr.io", "me")}, nil)
	s := source(t, app, flux.Ref{})
	s.SecretRef = "pull"
	session, err := open(t, f.client(), s)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := remote.Get(session.Repository().Digest(digest), remote.WithTransport(session.Transport()), remote.WithContext(session.Context()))
		if err != nil || got.Digest.String() != digest {
			t.Fatalf("got %v, error %v", got, err)
		}
	}
	var asked []string
	for _, request := range f.Requests() {
		asked = append(asked, request.Method+" "+request.Path)
	}
	want := []string{"GET /v2/", "GET /token", "GET /v2/acme/app/manifests/" + digest, "GET /v2/acme/app/manifests/" + digest}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if session.Requests() != 2 || session.Failure() != nil {
		t.Errorf("%d requests, failure %v", session.Requests(), session.Failure())
	}
}

func TestWhatASessionTakesForAFailure(t *testing.T) {
	const place = app + "/manifests/sha256-aa.sig"
	for sentence, test := range map[string]struct {
		fault registrytest.Fault
		want  registry.Class // empty: none
	}{
		"something that is not there": {registrytest.Status(http.StatusNotFound, "MANIFEST_UNKNOWN"), ""},
		"an endpoint that is unknown": {registrytest.Status(http.StatusMethodNotAllowed, "UNSUPPORTED"), ""},
		"something that is forbidden": {registrytest.Status(http.StatusForbidden, "DENIED"), registry.ClassUnauthorized},
		"a registry in trouble":       {registrytest.Status(http.StatusBadGateway, "UNKNOWN"), registry.ClassUnreachable},
		"too many requests":           {registrytest.RateLimited(30), registry.ClassRateLimited},
		"a connection that breaks":    {registrytest.Down(), registry.ClassUnreachable},
		"an answer of 100 MB":         {registrytest.Huge(100 << 20), registry.ClassMalformed},
		"redirects for ever":          {registrytest.RedirectLoop(), registry.ClassMalformed},
		"a redirect into the network": {registrytest.RedirectTo("https://169.254.169.254/latest"), registry.ClassRefused},
		"a redirect to plain http":    {registrytest.RedirectTo("http://other.example.com/x"), registry.ClassRefused},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			session := mustOpen(t, f)
			f.Break(place, test.fault)
			get(t, session, "manifests/sha256-aa.sig")
			err := session.Failure()
			if test.want != "" {
				wantClass(t, err, test.want)
			} else if err != nil {
				t.Errorf("failure is %v", err)
			}
		})
	}
}

func TestASessionThatIsGivenUpIsNoFailure(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	session := mustOpen(t, f)
	f.Break(app, f.Slow())
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://ghcr.io/v2/acme/app/manifests/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, cancel)
	if resp, err := session.Transport().RoundTrip(req); err == nil {
		_ = resp.Body.Close()
		t.Fatal("the registry answered")
	}
	if err := session.Failure(); err != nil {
		t.Errorf("a library that lost interest is taken for %v", err)
	}
}

func TestASessionEnds(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.ResolveTimeout = 2 * time.Second // enough to open it, on a busy machine
	session := mustOpen(t, f)
	f.Break(app, f.Drip())
	if status := get(t, session, "manifests/x"); status != 0 {
		t.Fatalf("status %d", status)
	}
	wantClass(t, session.Failure(), registry.ClassTimeout)
}

func TestASessionSendsNotWithoutEnd(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	session := mustOpen(t, f)
	sent := 0
	for get(t, session, "manifests/x") == http.StatusNotFound {
		sent++
	}
	if sent != 1024 {
		t.Errorf("%d requests were sent", sent)
	}
	wantClass(t, session.Failure(), registry.ClassMalformed)
}

func TestSessionsThatDoNotOpen(t *testing.T) {
	for sentence, test := range map[string]struct {
		change func(*fixture, *flux.Source)
		want   registry.Class
	}{
		"a registry that is down":  {func(f *fixture, _ *flux.Source) { f.Break("ghcr.io", registrytest.Down()) }, registry.ClassUnreachable},
		"a url that is none":       {func(_ *fixture, s *flux.Source) { s.Problem = "is none" }, registry.ClassReference},
		"a Secret that is missing": {func(_ *fixture, s *flux.Source) { s.SecretRef = "none" }, registry.ClassCredentials},
		"a login that is refused": {func(f *fixture, _ *flux.Source) {
			f.Require("ghcr.io", registrytest.Login{User: "u", Realm: "https://ghcr.io/token"})
		}, registry.ClassUnauthorized},
		"a private address":             {func(f *fixture, _ *flux.Source) { f.resolves("ghcr.io", "10.0.0.1") }, registry.ClassRefused},
		"a registry that wants a pause": {func(f *fixture, _ *flux.Source) { f.Break("ghcr.io", registrytest.RateLimited(30)) }, registry.ClassRateLimited},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.Options.Credentials = objects(secrets{}, nil)
			client, s := f.client(), source(t, app, flux.Ref{})
			test.change(f, &s)
			_, err := open(t, client, s)
			wantClass(t, err, test.want)
			before := len(f.Requests())
			if _, err = open(t, client, s); test.want == registry.ClassRateLimited && len(f.Requests()) != before {
				t.Errorf("it was asked again during the pause: %v", err)
			}
		})
	}
}

// TestSessionsGiveTheirTurnBack: one that is open keeps others waiting, one that is closed does not.
func TestSessionsGiveTheirTurnBack(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.PerHost = 1
	client := f.client()
	first, err := open(t, client, source(t, app, flux.Ref{}))
	if err != nil {
		t.Fatal(err)
	}
	access, err := client.Access(t.Context(), source(t, app, flux.Ref{}), anyDigest, false)
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = access.Open(soon)
	wantClass(t, err, registry.ClassTimeout)
	first.Close()
	first.Close()
	if _, err := open(t, client, source(t, app, flux.Ref{})); err != nil {
		t.Errorf("after the first was closed: %v", err)
	}
}

// TestWhoHasTheSameAccess: what was learned by one may be told to whoever has the same ID.
func TestWhoHasTheSameAccess(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.Credentials = objects(secrets{"apps/a": pullSecret("ghcr.io", "a"), "apps/b": pullSecret("ghcr.io", "b")}, nil)
	client := f.client()
	var ids []string
	for _, change := range []func(*flux.Source){
		func(*flux.Source) {},
		func(s *flux.Source) { s.SecretRef = "a" },
		func(s *flux.Source) { s.SecretRef = "b" },
		func(s *flux.Source) { s.Insecure = true },
		func(s *flux.Source) { s.Repository.Path = "acme/other" },
	} {
		s := source(t, app, flux.Ref{})
		change(&s)
		access, err := client.Access(t.Context(), s, anyDigest, false)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, access.ID())
	}
	tagged := source(t, app, flux.Ref{Tag: "v1"})
	same, err := client.Access(t.Context(), tagged, anyDigest, false)
	if err != nil || same.ID() != ids[0] {
		t.Errorf("a tag makes another access (%v)", err)
	}
	private, err := client.Access(t.Context(), tagged, anyDigest, true)
	if err != nil {
		t.Fatal(err)
	}
	ids = append(ids, private.ID())
	slices.Sort(ids)
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != 6 {
		t.Errorf("only %d of 6 are different", len(unique))
	}
}
