package cloud_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

const (
	role     = "eks.amazonaws.com/role-arn"
	tenant   = "azure.workload.identity/tenant-id"
	client   = "azure.workload.identity/client-id"
	email    = "iam.gke.io/gcp-service-account"
	provider = "gcp.auth.fluxcd.io/workload-identity-provider"

	pool = "projects/1/locations/global/workloadIdentityPools/clusters/providers/prod"
)

// exchanges are the ways to a login: the ServiceAccount's annotations, nil for Fluxgate's own identity, and all that is asked.
func exchanges() map[string]struct {
	host        string
	annotations map[string]string
	want        []string
} {
	// The audience is the same in all of Azure's clouds (azcontainerregistry, cloud_config.go).
	const acrScope = "https://containerregistry.azure.net/.default openid offline_access profile"
	return map[string]struct {
		host        string
		annotations map[string]string
		want        []string
	}{
		"aws, own": {host: ecr, want: []string{
			"STS arn:aws:iam::123456789012:role/fluxgate with fluxgates-token", "ECR GetAuthorizationToken signed by AKIDEXAMPLE",
		}},
		"aws, account": {host: ecr, annotations: map[string]string{role: "arn:aws:iam::123456789012:role/apps"}, want: []string{
			"TokenRequest apps/puller for sts.amazonaws.com",
			"STS arn:aws:iam::123456789012:role/apps with token-of-puller", "ECR GetAuthorizationToken signed by AKIDEXAMPLE",
		}},
		"aws, public, own": {host: ecrPublic, want: []string{
			"STS arn:aws:iam::123456789012:role/fluxgate with fluxgates-token", "ECR Public GetAuthorizationToken signed by AKIDEXAMPLE",
		}},
		"aws, China, account": {host: ecrChina, annotations: map[string]string{role: "arn:aws-cn:iam::123456789012:role/apps"}, want: []string{
			"TokenRequest apps/puller for sts.amazonaws.com",
			"STS arn:aws-cn:iam::123456789012:role/apps with token-of-puller", "ECR GetAuthorizationToken signed by AKIDEXAMPLE",
		}},
		"azure, China, own": {host: acrChina, want: []string{
			"Entra own-tenant/fluxgate with fluxgates-token for " + acrScope,
			"ACR exchange of secret-access at " + acrChina,
		}},
		"azure, US government, own": {host: acrUS, want: []string{
			"Entra own-tenant/fluxgate with fluxgates-token for " + acrScope,
			"ACR exchange of secret-access at " + acrUS,
		}},
		"gcp, own": {host: gar, want: []string{"Google metadata: own token"}},
		"gcp, account, impersonation": {host: gar, annotations: map[string]string{email: "apps@acme.iam.gserviceaccount.com", provider: pool}, want: []string{
			"TokenRequest apps/puller for //iam.googleapis.com/" + pool,
			"Google STS token-of-puller for //iam.googleapis.com/" + pool,
			"Google IAM apps@acme.iam.gserviceaccount.com:generateAccessToken by Bearer secret-1",
		}},
		"gcp, account, direct, in GKE": {host: gar, annotations: map[string]string{}, want: []string{
			"TokenRequest apps/puller for acme.svc.id.goog",
			"Google STS token-of-puller for identitynamespace:acme.svc.id.goog:" +
				"https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/prod",
		}},
		"azure, own": {host: acr, want: []string{
			"Entra own-tenant/fluxgate with fluxgates-token for " + acrScope, "ACR exchange of secret-access at " + acr,
		}},
		"azure, account": {host: acr, annotations: map[string]string{tenant: "their-tenant", client: "apps"}, want: []string{
			"TokenRequest apps/puller for api://AzureADTokenExchange",
			"Entra their-tenant/apps with token-of-puller for " + acrScope, "ACR exchange of secret-access at " + acr,
		}},
	}
}

// prepare puts an artifact into the registry, which wants the login, and returns the query.
func prepare(t *testing.T, f *fixture, host string, annotations map[string]string) (registry.Query, string) {
	t.Helper()
	digest := world.MustPush(t, host+"/acme/app", "v1")
	f.rotate("secret-1")
	account := ""
	if annotations != nil {
		account = "puller"
		f.accounts["apps/puller"] = &registry.ServiceAccount{Annotations: annotations}
	}
	return query(t, host, account, "v1"), digest
}

func TestALoginIsExchangedOnceAndRefreshed(t *testing.T) {
	for name, c := range exchanges() {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			q, digest := prepare(t, f, c.host, c.annotations)
			q.Fresh = true
			asks := func(when string, want []string) {
				t.Helper()
				got, err := f.client.Resolve(t.Context(), q)
				if err != nil || got.Digest != digest {
					t.Fatalf("%s: got %v, %v (%v), want %s", when, got, err, errors.Unwrap(err), digest)
				}
				if diff := cmp.Diff(want, f.took()); diff != "" {
					t.Errorf("%s: calls (-want +got):\n%s", when, diff)
				}
			}
			asks("at first", c.want)
			asks("again", nil)
			f.advance(47 * time.Minute)
			asks("before four fifths of an hour are over", nil)
			f.rotate("secret-2")
			f.advance(14 * time.Minute)
			var refreshed []string
			for _, call := range c.want {
				refreshed = append(refreshed, strings.Replace(call, "secret-1", "secret-2", 1))
			}
			asks("after an hour", refreshed)
		})
	}
}

func TestAnAccountThatChangesIsAnotherIdentity(t *testing.T) {
	f := newFixture(t)
	q, _ := prepare(t, f, ecr, map[string]string{role: "arn:aws:iam::123456789012:role/apps"})
	for _, name := range []string{"apps", "others"} {
		f.accounts["apps/puller"] = &registry.ServiceAccount{Annotations: map[string]string{role: "arn:aws:iam::123456789012:role/" + name}}
		if _, err := f.client.Resolve(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if got, want := f.took()[1], "STS arn:aws:iam::123456789012:role/"+name+" with token-of-puller"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	delete(f.accounts, "apps/puller")
	_, err := f.client.Resolve(t.Context(), q)
	wantFailure(t, err, registry.ClassCredentials, "ServiceAccount apps/puller does not exist")
}

// Two tenants with rights of their own at one registry: neither is told what only the other may know.
func TestTwoIdentitiesNeverShareAnAnswer(t *testing.T) {
	f := newFixture(t)
	rich, _ := prepare(t, f, ecr, map[string]string{role: "arn:aws:iam::123456789012:role/rich"})
	poor := rich
	poor.Source.Namespace = "poor"
	f.accounts["poor/puller"] = &registry.ServiceAccount{Annotations: map[string]string{role: "arn:aws:iam::123456789012:role/poor"}}
	if _, err := f.client.Resolve(t.Context(), rich); err != nil {
		t.Fatal(err)
	}
	f.edge.mu.Lock()
	f.password = "secret-poor" // which the registry does not take
	f.edge.mu.Unlock()
	_, err := f.client.Resolve(t.Context(), poor)
	wantFailure(t, err, registry.ClassUnauthorized, "the repository does not exist, or the credentials are not good for it")
	if _, err := f.client.Resolve(t.Context(), rich); err != nil {
		t.Error(err)
	}
}

func wantFailure(t *testing.T, err error, class registry.Class, advice string) {
	t.Helper()
	var failure *registry.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want a *registry.Error", err)
	}
	if diff := cmp.Diff([]string{string(class), advice}, []string{string(failure.Class), failure.Advice}); diff != "" {
		t.Errorf("failure (-want +got):\n%s\ndetail: %v", diff, failure.Err)
	}
	if text := fmt.Sprint(failure, failure.Err); strings.Contains(text, "secret-") || strings.Contains(text, "token-of") {
		t.Errorf("a secret is in %q", text)
	}
}

func TestWhatKeepsAnIdentityFromALogin(t *testing.T) {
	const (
		account = "the cloud gave no login; look at the annotations of ServiceAccount apps/puller, at its role in the cloud, " +
			"and whether Fluxgate may create its tokens"
		own = "the cloud gave no login; bind an identity of the cloud to Fluxgate's pods, or name a ServiceAccount that has one " +
			"in serviceAccountName"
	)
	refuse := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, `{"error":"invalid_grant","message":"the cloud says no"}`)
		}
	}
	odd := func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{}`) }
	aws, azure := map[string]string{role: "arn:aws:iam::123456789012:role/apps"}, map[string]string{tenant: "t", client: "c"}
	cases := map[string]struct {
		host        string
		annotations map[string]string
		prepare     func(*edge)
		want        string
		class       registry.Class
	}{
		"aws, the role refuses":           {host: ecr, annotations: aws, prepare: breaking("STS", refuse(403)), want: account},
		"aws, own, the role refuses":      {host: ecr, prepare: breaking("STS", refuse(403)), want: own},
		"aws, no right to the registry":   {host: ecr, annotations: aws, prepare: breaking("ECR", refuse(400)), want: account},
		"aws, no data":                    {host: ecr, annotations: aws, prepare: breaking("ECR", odd), want: account},
		"aws, no annotation":              {host: ecr, annotations: map[string]string{}, want: account},
		"azure, no annotation":            {host: acr, annotations: map[string]string{}, want: account},
		"azure, the assertion is refused": {host: acr, annotations: azure, prepare: breaking("Entra", refuse(401)), want: account},
		"azure, the registry refuses":     {host: acr, annotations: azure, prepare: breaking("ACR", refuse(401)), want: account},
		"azure, a login without a token":  {host: acr, annotations: azure, prepare: breaking("ACR", odd), want: account},
		"gcp, a malformed annotation":     {host: gar, annotations: map[string]string{email: "no-email"}, want: account},
		"gcp, the exchange is refused":    {host: gar, annotations: map[string]string{}, prepare: breaking("Google STS", refuse(400)), want: account},
		"the API server issues no token":  {host: ecr, annotations: aws, prepare: func(e *edge) { e.forbidden = errors.New("is forbidden") }, want: account},
		"an endpoint that does not answer": {
			host: ecr, annotations: aws, class: registry.ClassTimeout,
			prepare: breaking("STS", func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }),
			want: "the cloud gave no login in time; where it never does, look at the annotations of ServiceAccount apps/puller, " +
				"at its role in the cloud, and whether Fluxgate may create its tokens",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if c.prepare != nil {
				c.prepare(f.edge)
			}
			if c.class == "" {
				c.class = registry.ClassIdentity
			}
			q, _ := prepare(t, f, c.host, c.annotations)
			_, err := f.client.Resolve(t.Context(), q)
			wantFailure(t, err, c.class, c.want)
			if n := world.Count("", c.host+"/acme"); n > 0 {
				t.Errorf("the registry was asked %d times", n)
			}
			f.took()
			q.Source.Ref.Tag = "v2" // another question, which the cloud need not be asked for again
			_, err = f.client.Resolve(t.Context(), q)
			wantFailure(t, err, c.class, c.want)
			if calls := f.took(); calls != nil {
				t.Errorf("the cloud was asked again: %q", calls)
			}
		})
	}
}

func breaking(call string, handler http.HandlerFunc) func(*edge) {
	return func(e *edge) { e.broken[call] = handler }
}

// An identity is worth more than a digest: where a tenant could read it on the way, it is not sent at all.
func TestAnIdentityStaysWithItsCloud(t *testing.T) {
	const (
		host = "its provider is not that of the host; remove it, or write the host of a registry of that cloud"
		way  = "Fluxgate's own identity is not sent by way of certSecretRef, proxySecretRef or insecure; remove them, or name the " +
			"identity's ServiceAccount in serviceAccountName"
	)
	cases := map[string]struct {
		change func(*flux.Source)
		want   string
	}{
		"a host of nobody":           {func(s *flux.Source) { s.Repository.Host = "registry.evil.com" }, host},
		"a host that looks like it":  {func(s *flux.Source) { s.Repository.Host = ecr + ".evil.com" }, host},
		"another cloud's":            {func(s *flux.Source) { s.Repository.Host = acr }, host},
		"by the object's authority":  {func(s *flux.Source) { s.CertSecretRef = "certs" }, way},
		"through the object's proxy": {func(s *flux.Source) { s.ProxySecretRef = "proxy" }, way},
		"without TLS":                {func(s *flux.Source) { s.Insecure = true }, way},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.secrets["apps/certs"] = &registry.Secret{Data: map[string][]byte{"ca.crt": world.CA()}}
			f.secrets["apps/proxy"] = &registry.Secret{Data: map[string][]byte{"address": []byte("http://proxy.evil.com")}}
			q := query(t, ecr, "", "v1")
			c.change(&q.Source)
			_, err := f.client.Resolve(t.Context(), q)
			wantFailure(t, err, registry.ClassCredentials, c.want)
			if calls := f.took(); calls != nil || len(world.Requests()) > 0 {
				t.Errorf("asked %q and %v, want nobody", calls, world.Requests())
			}
		})
	}
}

func TestEqualIdentitiesAreExchangedOnce(t *testing.T) {
	f := newFixture(t)
	q, _ := prepare(t, f, ecr, map[string]string{role: "arn:aws:iam::123456789012:role/apps"})
	var callers sync.WaitGroup
	for i := range 100 {
		q := q
		q.Source.Ref.Tag = fmt.Sprint("v", i)
		callers.Go(func() { _, _ = f.client.Resolve(t.Context(), q) }) // most of the tags do not exist
	}
	callers.Wait()
	if got := f.took(); len(got) != 3 {
		t.Errorf("got the calls %q, want one exchange", got)
	}
}
