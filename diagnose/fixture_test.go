package diagnose_test

import (
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/diagnose"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/verify"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	loopback = "127.0.0.1"
	app      = "ghcr.io/acme/app"
)

// fixture is a cluster's objects, and registries over TLS on loopback, with the edge of the network as the walk sees it.
type fixture struct {
	*registrytest.Registry
	t *testing.T
	// Options lead every known name to the registry.
	Options registry.Options
	// names are the addresses that hosts resolve to.
	names map[string]string
	files *diagnose.Files
	// given makes the objects those of files: what is not there may be in the cluster.
	given      bool
	cloud      registry.Cloud
	details    bool
	offline    bool
	signatures diagnose.Signatures
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	hosts := []string{"ghcr.io", "auth.example.com", "acme.azurecr.io"}
	f := &fixture{
		t: t, Registry: registrytest.Start(t, hosts...), names: map[string]string{}, files: diagnose.NewFiles("apps"),
	}
	f.Repeatable()
	for _, host := range hosts {
		f.names[host] = loopback
	}
	f.Options = registry.Options{
		Roots:       f.Roots(),
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		AllowEgress: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if address, found := f.names[host]; found {
				return []netip.Addr{netip.MustParseAddr(address)}, nil
			}
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, _ := net.SplitHostPort(address); host != loopback {
				t.Errorf("the network was reached at %s", address)
				return nil, errors.New("the test's network ends here")
			}
			return f.Dial(ctx, network, address)
		},
	}
	return f
}

// add adds manifests.
func (f *fixture) add(manifests string) {
	f.t.Helper()
	for document := range strings.SplitSeq(manifests, "\n---\n") {
		var content any
		if err := yaml.Unmarshal([]byte(document), &content); err != nil {
			f.t.Fatal(err)
		}
		if err := f.files.Add(content); err != nil {
			f.t.Fatal(err)
		}
	}
}

// repository adds the OCIRepository to walk: apps/app with these lines of its spec.
func (f *fixture) repository(lines ...string) {
	f.t.Helper()
	f.add("apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: app, namespace: apps}\nspec:\n  interval: 1m\n  " +
		strings.Join(lines, "\n  "))
}

// secret adds a Secret of namespace apps; its entries are YAML.
func (f *fixture) secret(name, kind string, entries map[string]string) {
	f.t.Helper()
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name, "namespace": "apps"}, "type": kind, "stringData": entries,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.add(string(text))
}

// login adds the Secret pull with a login for a registry.
func (f *fixture) login(host, password string) {
	f.t.Helper()
	f.secret("pull", "kubernetes.io/dockerconfigjson", map[string]string{
		".dockerconfigjson": `{"auths": {"` + host + `": {"username": "robot", "password": "` + password + `"}}}`,
	})
}

func (f *fixture) walk() (diagnose.Diagnosis, error) {
	f.t.Helper()
	logins := diagnose.Logins{Secrets: cluster{f.files}, ServiceAccounts: cluster{f.files}, Cloud: f.cloud, Own: own{f.t}}
	if f.given {
		f.t.Setenv("DOCKER_CONFIG", f.t.TempDir()) // the user has no login
		logins = diagnose.Logins{Secrets: f.files, ServiceAccounts: f.files, Own: registry.DockerConfig{}}
	}
	walker := diagnose.Walker{Logins: logins, Signatures: f.signatures, Details: f.details}
	if !f.offline {
		f.Options.Credentials = logins
		walker.Registry = registry.New(f.Options)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	return walker.Walk(ctx, f.files.Repositories[0])
}

func (f *fixture) mustWalk() diagnose.Diagnosis {
	f.t.Helper()
	got, err := f.walk()
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

// cluster answers from files as an API server does: what is not there does not exist. The Secret "forbidden" cannot be read.
type cluster struct{ files *diagnose.Files }

func (c cluster) ReadSecret(ctx context.Context, namespace, name string) (*registry.Secret, error) {
	if name == "forbidden" {
		return nil, errors.New(`secrets "forbidden" is forbidden: User "tenant" cannot get resource "secrets"`)
	}
	secret, err := c.files.ReadSecret(ctx, namespace, name)
	if errors.Is(err, diagnose.ErrNotGiven) {
		err = nil
	}
	return secret, err
}

func (c cluster) ReadServiceAccount(ctx context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	account, err := c.files.ReadServiceAccount(ctx, namespace, name)
	if errors.Is(err, diagnose.ErrNotGiven) {
		err = nil
	}
	return account, err
}

// own is the login of whoever runs the walk, where it must not be asked for.
type own struct{ t *testing.T }

func (o own) For(_ context.Context, source flux.Source) (registry.Login, error) {
	o.t.Errorf("the login of the user was asked for, for %s", source.Repository)
	return registry.Login{}, errors.New("not to be asked")
}

// azure gives a login to the identity of ServiceAccount apps/puller, or an error.
type azure struct {
	t   *testing.T
	err error
}

func (a azure) Login(_ context.Context, identity registry.Identity) (authn.AuthConfig, error) {
	if identity.Provider != "azure" || identity.Account == nil || identity.Namespace != "apps" || identity.Name != "puller" {
		a.t.Errorf("the cloud was asked for %+v", identity)
	}
	return authn.AuthConfig{Username: "robot", Password: "right"}, a.err
}

// signed is a verifier that answers once, for one digest.
type signed struct {
	t      *testing.T
	digest string
	says   verify.Signature
	err    error
	asked  *int
}

func (s signed) Verify(_ context.Context, source flux.Source, digest string) (verify.Signature, error) {
	if *s.asked++; *s.asked > 1 || source.Verify == nil || digest != s.digest || source.Repository.String() != app {
		s.t.Errorf("verify was called, the %d. time, for %s@%s, want once, for %s@%s", *s.asked, source.Repository, digest, app, s.digest)
	}
	return s.says, s.err
}

func golden(t *testing.T, name, got string) {
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
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
