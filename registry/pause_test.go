package registry_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

// unavailable answers 503 and asks for a pause.
func unavailable(seconds string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", seconds)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	}
}

// limiting answers 429 to those who log in with the user, and to those who do not log in.
func limiting(user string) registrytest.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if known, _, _ := req.BasicAuth(); known == user {
				registrytest.RateLimited(60)(next).ServeHTTP(w, req)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

// admissions resolves as many tags as there are admissions, all at once, and returns how long that took.
func admissions(t *testing.T, r registry.Resolver, queries ...registry.Query) time.Duration {
	t.Helper()
	begin := time.Now()
	var callers sync.WaitGroup
	for _, q := range queries {
		callers.Go(func() {
			_, err := r.Resolve(t.Context(), q)
			wantClass(t, err, registry.ClassRateLimited)
		})
	}
	callers.Wait()
	return time.Since(begin)
}

func TestAMinuteOf429MakesNoStorm(t *testing.T) {
	const most = 500
	cases := map[string]struct {
		query func(i int) registry.Query
		// atOnce is the most that may be under way when the first 429 comes: the limit for a host, and two requests each.
		atOnce int
	}{
		"one namespace, many tags": {func(i int) registry.Query { return tagged(t, app, fmt.Sprint("v", i)) }, 2 * 8},
		"many namespaces": {func(i int) registry.Query {
			q := tagged(t, app, "v1")
			q.Source.Namespace = fmt.Sprint("apps-", i)
			return q
		}, 2 * 8},
		"many logins": {func(i int) registry.Query { return withSecret(t, fmt.Sprint("apps-", i), "pull") }, 2 * 8},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io")
			f.Break(app, registrytest.RateLimited(60))
			reader := secrets{}
			var queries []registry.Query
			for i := range most {
				queries = append(queries, c.query(i))
				reader[fmt.Sprintf("apps-%d/pull", i)] = pullSecret("ghcr.io", fmt.Sprint(i))
			}
			f.Options.Credentials = objects(reader, nil)
			client := f.client()
			took := admissions(t, client, queries...)
			first := f.Count("", "ghcr.io")
			for range 59 {
				f.clock.advance(time.Second)
				took = max(took, admissions(t, client, queries[:50]...))
			}
			all := f.Count("", "ghcr.io")
			t.Logf("%d admissions at once asked the registry %d times; %d more in the minute after, %d times; the slowest round took %s",
				most, first, 59*50, all-first, took)
			if first > c.atOnce || all-first > 2*10 {
				t.Errorf("got %d requests at once, then %d, want at most %d, then 20", first, all-first, c.atOnce)
			}
			if took > 30*time.Second { // whoever waited for the registry would wait for twice as long
				t.Errorf("the answers took %s", took)
			}
		})
	}
}

func TestTheLimitOfOneLoginIsNotThatOfOthers(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Options.Credentials = objects(secrets{"rich/pull": pullSecret("ghcr.io", "right")}, nil)
	login := registrytest.Login{User: "robot", Password: "right"}
	f.Require("ghcr.io", login)
	client := f.client()
	rich := withSecret(t, "rich", "pull")
	rich.Fresh = true
	mustResolve(t, client, rich)
	f.Break("ghcr.io/acme", limiting("")) // whoever does not log in
	f.Require("ghcr.io", registrytest.Login{})
	_, err := resolve(t, client, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassRateLimited)
	f.Require("ghcr.io", login)
	mustResolve(t, client, rich)
}

func TestALoginThatIsNewWaitsForAMoment(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Break(app, registrytest.RateLimited(60))
	f.Options.Credentials = objects(secrets{"rich/pull": pullSecret("ghcr.io", "right")}, nil)
	client := f.client()
	_, err := resolve(t, client, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassRateLimited)
	f.Break(app, nil)
	f.Forget()

	rich := withSecret(t, "rich", "pull")
	_, err = resolve(t, client, rich)
	wantClass(t, err, registry.ClassRateLimited)
	f.wantCount(t, "", "ghcr.io", 0)
	f.clock.advance(2 * time.Second)
	mustResolve(t, client, rich)
	_, err = resolve(t, client, tagged(t, app, "v2")) // the one that was asked for a minute keeps it
	wantClass(t, err, registry.ClassRateLimited)
	f.clock.advance(58 * time.Second)
	_, err = resolve(t, client, tagged(t, app, "v2"))
	wantClass(t, err, registry.ClassNotFound)
}

func TestARegistryInTroubleIsSparedForAsLongAsItAsks(t *testing.T) {
	f := newFixture(t, "ghcr.io", "quay.io")
	f.MustPush(t, app, "v1")
	f.MustPush(t, "quay.io/acme/app", "v1")
	f.Break(app, unavailable("20"))
	client := f.client()
	_, err := resolve(t, client, tagged(t, app, "v1"))
	wantClass(t, err, registry.ClassUnreachable)
	f.wantCount(t, http.MethodGet, app, 0) // HEAD said it all
	f.Break(app, nil)
	f.Forget()
	f.clock.advance(19 * time.Second)
	failure := failureOf(t, second(resolve(t, client, tagged(t, app, "v2"))), registry.ClassUnreachable)
	if want := app + ":v2: unreachable: the registry asked for a pause; try again later"; failure.Error() != want {
		t.Errorf("got %q, want %q", failure, want)
	}
	f.wantCount(t, "", "ghcr.io", 0)
	mustResolve(t, client, tagged(t, "quay.io/acme/app", "v1"))
	f.clock.advance(time.Second)
	mustResolve(t, client, tagged(t, app, "v1"))
}

func second[T any](_ T, err error) error { return err }

// A tenant that answers as ghcr.io to itself must not make others keep away from ghcr.io.
func TestAPauseThatATenantsProxyAsksForIsItsOwn(t *testing.T) {
	f, _ := proxied(t)
	f.Options.Dial = nil
	f.MustPush(t, app, "v1")
	impostor := registrytest.Start(t, "ghcr.io")
	impostor.Break("ghcr.io", registrytest.RateLimited(60))
	evil, good := registrytest.StartProxy(t, impostor), registrytest.StartProxy(t, f.Registry)
	f.Options.Credentials = objects(secrets{
		"evil/proxy": proxySecret(evil.URL()), "evil/certs": {Data: map[string][]byte{"ca.crt": impostor.CA()}},
		"apps/proxy": proxySecret(good.URL()),
	}, nil)
	client := f.client()
	q := tagged(t, app, "v1")
	q.Source.Namespace, q.Source.ProxySecretRef, q.Source.CertSecretRef = "evil", "proxy", "certs"
	_, err := resolve(t, client, q)
	wantClass(t, err, registry.ClassRateLimited)
	other := tagged(t, app, "v1")
	other.Source.ProxySecretRef = "proxy"
	mustResolve(t, client, other)
}
