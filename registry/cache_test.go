package registry_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

func TestAMovedTagIsSeenWhenTheAnswerIsTooOldOrAFreshOneIsAskedFor(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	first := f.MustPush(t, app, "v1")
	client := f.client()
	q := tagged(t, app, "v1")
	fresh := q
	fresh.Fresh = true
	want := func(when string, q registry.Query, digest string) {
		t.Helper()
		if got := mustResolve(t, client, q); got.Digest != digest {
			t.Errorf("%s: got %s, want %s", when, got.Digest, digest)
		}
	}
	want("at first", q, first)
	second := f.MustPush(t, app, "v1")
	f.clock.advance(10*time.Second - 1)
	want("within the lifetime", q, first)
	f.clock.advance(1)
	want("after the lifetime", q, second)
	third := f.MustPush(t, app, "v1")
	want("fresh", fresh, third)
	want("after a fresh one", q, third)
	f.wantCount(t, http.MethodHead, app, 3)
}

func TestADigestThatWasWrittenIsStillKnownToWhoeverJudgesIt(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	client := f.client()
	q := tagged(t, app, "v1")
	mustResolve(t, client, q) // somebody asks

	f.clock.advance(6 * time.Second) // past the first half of 10 s
	want := f.MustPush(t, app, "v1") // the tag moves
	young := q
	young.Young = true
	if got := mustResolve(t, client, young); got.Digest != want {
		t.Errorf("the digest to write is %s, want the one that the tag names now, %s", got.Digest, want)
	}
	f.clock.advance(6 * time.Second) // past the life of the first answer
	f.MustPush(t, app, "v1")         // the tag moves again
	if got := mustResolve(t, client, q); got.Digest != want {
		t.Errorf("the judge is told %s, want what was written, %s", got.Digest, want)
	}
}

func TestFailuresAreRememberedForAsLongAsTheirClassSays(t *testing.T) {
	cases := map[string]struct {
		fault registrytest.Fault
		ref   flux.Ref
		class registry.Class
		want  time.Duration
	}{
		"not found":               {nil, flux.Ref{Tag: "v1"}, registry.ClassNotFound, 5 * time.Second},
		"no version":              {nil, flux.Ref{Semver: ">=2"}, registry.ClassNoMatch, 5 * time.Second},
		"server error":            {registrytest.Status(500, ""), flux.Ref{Tag: "v1"}, registry.ClassUnreachable, 3 * time.Second},
		"rate limit":              {registrytest.RateLimited(30), flux.Ref{Tag: "v1"}, registry.ClassRateLimited, 30 * time.Second},
		"rate limit without end":  {registrytest.RateLimited(9000), flux.Ref{Tag: "v1"}, registry.ClassRateLimited, time.Minute},
		"rate limit without time": {registrytest.Status(429, ""), flux.Ref{Tag: "v1"}, registry.ClassRateLimited, 3 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.MustPush(t, app, "1.0.0")
			f.Break(app, c.fault)
			client := f.client()
			q := registry.Query{Source: source(t, app, c.ref)}
			asks := func(when string, want bool) {
				t.Helper()
				f.Forget()
				_, err := resolve(t, client, q)
				wantClass(t, err, c.class)
				if got := f.Count("", app) > 0; got != want {
					t.Errorf("%s: asked the registry: %t, want %t", when, got, want)
				}
			}
			asks("at first", true)
			f.clock.advance(c.want - 1)
			asks("before the end", false)
			f.clock.advance(1)
			asks("at the end", true)
		})
	}
}

func TestLifetimesBelowZeroTurnRememberingOff(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Options.Cache = registry.CacheOptions{Found: -1, NotFound: -1, Failed: -1}
	client := f.client()
	for range 2 {
		mustResolve(t, client, tagged(t, app, "v1"))
	}
	f.wantCount(t, http.MethodHead, app, 2)
}

func TestTheCacheIsBounded(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Options.Cache.Size = 2
	client := f.client()
	for _, tag := range []string{"v1", "v2", "v3"} {
		f.MustPush(t, app, tag)
		mustResolve(t, client, tagged(t, app, tag))
	}
	for i := range 10 { // failures push out no answer
		_, err := resolve(t, client, tagged(t, app, fmt.Sprintf("none-%d", i)))
		wantClass(t, err, registry.ClassNotFound)
	}
	f.Forget()
	got := map[string]int{}
	for _, tag := range []string{"v3", "v2", "v1"} {
		mustResolve(t, client, tagged(t, app, tag))
		got[tag] = f.Count(http.MethodHead, app+"/manifests/"+tag)
	}
	if diff := cmp.Diff(map[string]int{"v1": 1, "v2": 0, "v3": 0}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestDifferentQuestionsShareNoAnswer(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "1.0.0")
	f.MustPush(t, app, "1.1.0_x")
	f.MustPush(t, "ghcr.io/acme/other", "1.0.0")
	client := f.client()
	queries := []registry.Query{
		tagged(t, app, "1.0.0"),
		tagged(t, "ghcr.io/acme/other", "1.0.0"),
		{Source: source(t, app, flux.Ref{Semver: "1.x"})},
		{Source: source(t, app, flux.Ref{Semver: "1.x", SemverFilter: "0$"})},
	}
	charts, private := queries[2], queries[0]
	charts.Source.MediaType = chartLayer
	private.AllowPrivate = true
	queries = append(queries, charts, private)
	for i, q := range queries {
		mustResolve(t, client, q)
		f.wantCount(t, http.MethodHead, "ghcr.io", i+1)
	}
}

// gate holds every request to a place until it is opened.
type gate struct {
	reached chan struct{} // one for each request
	open    chan struct{}
}

func holdAt(f *fixture, place string) gate {
	g := gate{reached: make(chan struct{}, 1000), open: make(chan struct{})}
	f.Break(place, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			g.reached <- struct{}{}
			select {
			case <-g.open:
				next.ServeHTTP(w, req)
			case <-req.Context().Done():
			}
		})
	})
	return g
}

func TestFiveHundredEqualQueriesAskOnce(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	client := f.client()
	q := tagged(t, app, "v1")
	var callers sync.WaitGroup
	for range 500 {
		callers.Go(func() {
			if got, err := client.Resolve(t.Context(), q); err != nil || got.Digest != want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	callers.Wait()
	f.wantCount(t, http.MethodHead, app, 1)
}

func TestACallerThatLeavesTakesNothingFromOthers(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	held := holdAt(f, app)
	client := f.client()
	q := tagged(t, app, "v1")

	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := client.Resolve(leaving, q)
		left <- err
	}()
	<-held.reached // the caller that leaves is the one whose request is under way
	stayed := make(chan registry.Resolution)
	go func() {
		got, err := client.Resolve(t.Context(), q)
		if err != nil {
			t.Errorf("the caller that stayed: %v", err)
		}
		stayed <- got
	}()
	leave()
	wantClass(t, <-left, registry.ClassTimeout)
	close(held.open)
	if got := <-stayed; got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	f.wantCount(t, http.MethodHead, app, 1)
}

func TestACallersOwnDeadlineIsKept(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Break("ghcr.io", f.Slow())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := f.client().Resolve(ctx, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassTimeout)
}

func TestAHostIsAskedByFewAtOnce(t *testing.T) {
	f := newFixture(t, "ghcr.io", "quay.io")
	f.Options.PerHost = 2
	held := holdAt(f, "ghcr.io")
	want := f.MustPush(t, "quay.io/acme/app", "v1")
	client := f.client()
	var callers sync.WaitGroup
	for i := range 5 {
		tag := fmt.Sprintf("v%d", i)
		f.MustPush(t, app, tag)
		q := tagged(t, app, tag)
		callers.Go(func() {
			if _, err := client.Resolve(t.Context(), q); err != nil {
				t.Errorf("%s: %v", tag, err)
			}
		})
	}
	<-held.reached
	<-held.reached
	// Another host does not wait for the slow one.
	if got := mustResolve(t, client, tagged(t, "quay.io/acme/app", "v1")); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	if len(held.reached) != 0 {
		t.Error("more than two requests are under way at one host")
	}
	close(held.open)
	callers.Wait()
}

func BenchmarkAResolveFromTheCache(b *testing.B) {
	reg := registrytest.Start(b, "ghcr.io")
	reg.MustPush(b, app, "v1")
	client := registry.New(registry.Options{Roots: reg.Roots(), Dial: reg.Dial, Lookup: public, Cache: registry.CacheOptions{Found: time.Hour}})
	q := registry.Query{Source: flux.Source{Repository: flux.Repository{Host: "ghcr.io", Path: "acme/app"}, Ref: flux.Ref{Tag: "v1"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Resolve(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
