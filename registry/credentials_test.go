package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const dockerConfigJSON = "kubernetes.io/dockerconfigjson"

// secrets is the cluster's edge: Secrets by "namespace/name".
type secrets map[string]*registry.Secret

func (s secrets) ReadSecret(_ context.Context, namespace, name string) (*registry.Secret, error) {
	if name == "forbidden" {
		return nil, errors.New("secrets is forbidden")
	}
	return s[namespace+"/"+name], nil
}

// accounts is the cluster's edge, too: ServiceAccounts by "namespace/name".
type accounts map[string]*registry.ServiceAccount

func (a accounts) ReadServiceAccount(_ context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	if name == "forbidden" {
		return nil, errors.New("serviceaccounts is forbidden")
	}
	return a[namespace+"/"+name], nil
}

func objects(s secrets, a accounts) registry.ObjectCredentials {
	return registry.ObjectCredentials{Secrets: s, ServiceAccounts: a}
}

// pullSecret logs in to a registry as kubectl create secret docker-registry writes it.
func pullSecret(match, password string) *registry.Secret {
	return &registry.Secret{Type: dockerConfigJSON, Data: map[string][]byte{
		".dockerconfigjson": fmt.Appendf(nil, `{"auths":{%q:{"username":"robot","password":%q}}}`, match, password),
	}}
}

func withSecret(t *testing.T, namespace, name string) registry.Query {
	t.Helper()
	q := tagged(t, app, "v1")
	q.Source.Namespace, q.Source.SecretRef = namespace, name
	return q
}

func TestLogins(t *testing.T) {
	basic := registrytest.Login{User: "robot", Password: "right"}
	token := registrytest.Login{User: "robot", Password: "right", Realm: "https://auth.example.com/token"}
	public := registrytest.Login{Realm: "https://auth.example.com/token"}
	none := &registry.Secret{}
	cases := map[string]struct {
		login  registrytest.Login
		secret *registry.Secret
		want   registry.Class // empty: an answer
	}{
		"basic, the right password":          {basic, pullSecret("ghcr.io", "right"), ""},
		"basic, a wrong password":            {basic, pullSecret("ghcr.io", "wrong"), registry.ClassUnauthorized},
		"basic, credentials for another":     {basic, pullSecret("quay.io", "right"), registry.ClassUnauthorized},
		"basic, anonymous":                   {basic, none, registry.ClassUnauthorized},
		"token, the right password":          {token, pullSecret("https://ghcr.io/v2/", "right"), ""},
		"token, a wrong password":            {token, pullSecret("ghcr.io", "wrong"), registry.ClassUnauthorized},
		"token, anonymous":                   {token, none, registry.ClassUnauthorized},
		"token for everybody, anonymous":     {public, none, ""},
		"credentials for the repository":     {basic, pullSecret("ghcr.io/acme", "right"), ""},
		"credentials for another repository": {basic, pullSecret("ghcr.io/other", "right"), registry.ClassUnauthorized},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com")
			f.MustPush(t, app, "v1")
			f.Require("ghcr.io", c.login)
			f.Options.Credentials = objects(secrets{"apps/pull": c.secret}, nil)
			q := withSecret(t, "apps", "pull")
			if c.secret == none {
				q.Source.SecretRef = ""
			}
			_, err := resolve(t, f.client(), q)
			if c.want != "" {
				wantClass(t, err, c.want)
			} else if err != nil {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestASecretBeatsTheProvider(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	f.Options.Credentials = objects(secrets{"apps/pull": pullSecret("ghcr.io", "right")}, nil)
	q := withSecret(t, "apps", "pull")
	q.Source.Provider = "aws"
	mustResolve(t, f.client(), q)
}

func TestTwoLoginsNeverShareAnAnswer(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.MustPush(t, app, "v1")
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	reader := secrets{
		"rich/pull": pullSecret("ghcr.io", "right"),
		"poor/pull": pullSecret("ghcr.io", "wrong"),
	}
	f.Options.Credentials = objects(reader, nil)
	client := f.client()
	mustResolve(t, client, withSecret(t, "rich", "pull"))
	_, err := resolve(t, client, withSecret(t, "poor", "pull"))
	wantClass(t, err, registry.ClassUnauthorized)
	_, err = resolve(t, client, withSecret(t, "rich", ""))
	wantClass(t, err, registry.ClassUnauthorized)

	// A Secret that changes is another login at once, and one that is gone gives nothing more.
	reader["poor/pull"] = reader["rich/pull"]
	mustResolve(t, client, withSecret(t, "poor", "pull"))
	delete(reader, "rich/pull")
	_, err = resolve(t, client, withSecret(t, "rich", "pull"))
	wantClass(t, err, registry.ClassCredentials)
}

// TestWhoeverSharesAnAnswerHearsOfHisOwnSource: what came of one source is remembered for all with the same login, here none.
func TestWhoeverSharesAnAnswerHearsOfHisOwnSource(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	f.Options.Credentials = objects(secrets{"apps/elsewhere": pullSecret("quay.io", "right")}, accounts{"apps/builder": {}})
	client := f.client()
	with := func(change func(*flux.Source)) registry.Query {
		q := tagged(t, app, "1.0.0")
		q.Source.Namespace = "apps"
		change(&q.Source)
		return q
	}
	asked := []struct {
		sentence string
		query    registry.Query
		want     string
	}{
		{"a ServiceAccount without a login", with(func(s *flux.Source) { s.ServiceAccountName = "builder" }),
			"ghcr.io/acme/app:1.0.0: unauthorized: the repository does not exist, or needs credentials; its ServiceAccount has none for this registry"},
		{"a Secret without one", with(func(s *flux.Source) { s.SecretRef = "elsewhere" }),
			"ghcr.io/acme/app:1.0.0: unauthorized: the repository does not exist, or needs credentials; its secretRef has none for this registry"},
		{"nothing", with(func(*flux.Source) {}),
			"ghcr.io/acme/app:1.0.0: unauthorized: the repository does not exist, or needs credentials"},
		{"who refers to a source", with(func(s *flux.Source) {
			s.Origin = &flux.Key{Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "apps", Name: "app"}}
		}), "OCIRepository apps/app: unauthorized: the repository does not exist, or needs credentials"},
	}
	for range 2 { // each is the first to ask, and the last
		for _, test := range asked {
			_, err := resolve(t, client, test.query)
			if failure := failureOf(t, err, registry.ClassUnauthorized); failure.Error() != test.want {
				t.Errorf("%s:\ngot  %s\nwant %s", test.sentence, failure, test.want)
			}
		}
		slices.Reverse(asked)
		client = f.client()
	}
	f.wantCount(t, "HEAD", app, 4) // of each client one for the Secret, and one for all others
}

func TestCredentialsStayWithTheirRegistry(t *testing.T) {
	cases := map[string]registrytest.Login{
		"basic": {User: "robot", Password: "right"},
		"token": {User: "robot", Password: "right", Realm: "https://auth.example.com/token"},
	}
	for name, login := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, "ghcr.io", "auth.example.com", "cdn.ghcr.io")
			f.Require("ghcr.io", login)
			f.Break(app, registrytest.RedirectTo("https://cdn.ghcr.io/v2/acme/app/manifests/v1"))
			want := f.MustPush(t, "cdn.ghcr.io/acme/app", "v1")
			f.Options.Credentials = objects(secrets{"apps/pull": pullSecret("ghcr.io", "right")}, nil)
			if got := mustResolve(t, f.client(), withSecret(t, "apps", "pull")); got.Digest != want {
				t.Errorf("got %s, want %s", got.Digest, want)
			}
			authorized := 0
			for _, req := range f.Requests() {
				if req.Host == "cdn.ghcr.io" && req.Authorization != "" {
					t.Errorf("%s was sent to %s", req.Authorization, req.Host)
				}
				if req.Host == "ghcr.io" && req.Authorization != "" {
					authorized++
				}
			}
			if authorized == 0 {
				t.Error("the registry itself got no credentials")
			}
		})
	}
}

func TestTheCommandLineUsesTheUsersOwnLogin(t *testing.T) {
	home := t.TempDir()
	config := pullSecret("ghcr.io", "right").Data[".dockerconfigjson"]
	if err := os.WriteFile(filepath.Join(home, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("DOCKER_CONFIG", home)
	f := newFixture(t, "ghcr.io")
	want := f.MustPush(t, app, "v1")
	f.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	f.Options.Credentials = registry.DockerConfig{}
	q := withSecret(t, "apps", "in-the-cluster")
	q.Source.ServiceAccountName, q.Source.Provider = "puller", "aws"
	q.Source.CertSecretRef, q.Source.ProxySecretRef = "ca", "proxy"
	if got := mustResolve(t, f.client(), q); got.Digest != want {
		t.Errorf("got %s, want %s", got.Digest, want)
	}
	f.wantCount(t, http.MethodHead, app, 1)
}

func TestWithoutCredentialsASourceThatNeedsThemIsAnError(t *testing.T) {
	f := newFixture(t, "ghcr.io")
	cases := map[string]func(*flux.Source){
		"secretRef":          func(s *flux.Source) { s.SecretRef = "pull" },
		"serviceAccountName": func(s *flux.Source) { s.ServiceAccountName = "puller" },
		"certSecretRef":      func(s *flux.Source) { s.CertSecretRef = "ca" },
		"proxySecretRef":     func(s *flux.Source) { s.ProxySecretRef = "proxy" },
		"provider":           func(s *flux.Source) { s.Provider = "aws" },
	}
	for field, change := range cases {
		q := tagged(t, app, "v1")
		change(&q.Source)
		_, err := resolve(t, f.client(), q)
		if got, want := failureOf(t, err, registry.ClassCredentials).Advice, field+" is set, but no credentials can be read here"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f.wantCount(t, "", "ghcr.io", 0)
}

// One tenant may read all of a registry, the other one repository: what the first was told is not repeated to the second.
func TestTwoTenantsWithDifferentRights(t *testing.T) {
	const open, closed = "ghcr.io/acme/open", "ghcr.io/acme/closed"
	f := newFixture(t, "ghcr.io")
	digests := map[string]string{open: f.MustPush(t, open, "v1"), closed: f.MustPush(t, closed, "v1")}
	for repository, passwords := range map[string][]string{open: {"rich", "poor"}, closed: {"rich"}} {
		f.Break(repository, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if _, password, _ := req.BasicAuth(); !slices.Contains(passwords, password) {
					registrytest.Status(http.StatusForbidden, "DENIED")(next).ServeHTTP(w, req)
					return
				}
				next.ServeHTTP(w, req)
			})
		})
	}
	f.Break("ghcr.io", func(http.Handler) http.Handler { // the ping asks for a login
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
	})
	f.Options.Credentials = objects(secrets{"rich/pull": pullSecret("ghcr.io", "rich"), "poor/pull": pullSecret("ghcr.io", "poor")}, nil)
	client := f.client()
	for _, namespace := range []string{"rich", "poor", "rich", "poor"} {
		for repository, want := range digests {
			q := tagged(t, repository, "v1")
			q.Source.Namespace, q.Source.SecretRef = namespace, "pull"
			got, err := resolve(t, client, q)
			if namespace == "poor" && repository == closed {
				wantClass(t, err, registry.ClassUnauthorized)
			} else if err != nil || got.Digest != want {
				t.Errorf("%s at %s: got %v, %v", namespace, repository, got, err)
			}
		}
	}
}
