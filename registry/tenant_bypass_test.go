package registry_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// A tenant's hosts may be as many as it likes, and each may be slow: the limit for one host is none for the tenant.
func TestANamespaceWhoseRegistriesAreSlowLeavesRoomForOthers(t *testing.T) {
	f := newFixture(t, "ghcr.io", "a.evil.example", "b.evil.example")
	f.Options.InFlight, f.Options.PerNamespace = 2, 1
	want := f.MustPush(t, app, "v1")
	client := f.client()
	held := []gate{holdAt(f, "a.evil.example"), holdAt(f, "b.evil.example")}
	var callers sync.WaitGroup
	for _, host := range []string{"a.evil.example", "b.evil.example"} {
		f.MustPush(t, host+"/acme/app", "v1")
		q := tagged(t, host+"/acme/app", "v1")
		q.Source.Namespace = "evil"
		callers.Go(func() { _, _ = client.Resolve(t.Context(), q) })
	}
	select {
	case <-held[0].reached:
	case <-held[1].reached:
	}
	if got := mustResolve(t, client, tagged(t, app, "v1")); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	close(held[0].open)
	close(held[1].open)
	callers.Wait()
}

// A list of tags takes more memory than anything else that a registry may answer.
func TestANamespaceReadsOneListOfTagsAtOnce(t *testing.T) {
	f := newFixture(t, "ghcr.io", "quay.io")
	held := holdAt(f, "ghcr.io")
	f.MustPush(t, app, "1.0.0")
	client := f.client()
	var callers sync.WaitGroup
	for _, semver := range []string{">=1.0.0", ">=0.0.0"} {
		q := registry.Query{Source: source(t, app, flux.Ref{Semver: semver})}
		callers.Go(func() {
			if _, err := client.Resolve(t.Context(), q); err != nil {
				t.Errorf("%s: %v", semver, err)
			}
		})
	}
	<-held.reached
	f.MustPush(t, "quay.io/acme/app", "v1")
	mustResolve(t, client, tagged(t, "quay.io/acme/app", "v1")) // time for a second list to be asked for, were it not held back
	if len(held.reached) != 0 {
		t.Error("two lists are read at once")
	}
	close(held.open)
	callers.Wait()
}

// A tenant that has used up its own turns must not take a query that others have too down with it.
func TestAQueryDoesNotWaitForTheTurnOfAnotherNamespace(t *testing.T) {
	f := newFixture(t, "ghcr.io", "evil.example")
	f.Options.PerNamespace, f.Options.PerHost = 1, 1
	want := f.MustPush(t, app, "v1")
	f.MustPush(t, "evil.example/acme/app", "v1")
	client := f.client()
	held := holdAt(f, "evil.example")
	evil := func(ctx context.Context, repository string) error {
		q := tagged(t, repository, "v1")
		q.Source.Namespace = "evil"
		_, err := client.Resolve(ctx, q)
		return err
	}
	var callers sync.WaitGroup
	callers.Go(func() { _ = evil(t.Context(), "evil.example/acme/app") })
	<-held.reached
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wantClass(t, evil(ctx, app), registry.ClassTimeout)
	soon, cancel := context.WithTimeout(t.Context(), patience/4) // less than the other waits
	defer cancel()
	if got, err := client.Resolve(soon, tagged(t, app, "v1")); err != nil || got.Digest != want {
		t.Errorf("got %s, %v, want %s", got.Digest, err, want)
	}
	close(held.open)
	callers.Wait()
}
