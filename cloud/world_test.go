package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/cloud"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	gar = "europe-docker.pkg.dev"
	acr = "acme.azurecr.io"

	ecrPublic = "public.ecr.aws"
	ecrChina  = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
	acrChina  = "acme.azurecr.cn"
	acrUS     = "acme.azurecr.us"
)

func registries() []string { return []string{ecr, gar, acr, ecrPublic, ecrChina, acrChina, acrUS} }

// world is the clouds, as a process with HTTPS_PROXY and a system certificate sees them: what is not served here cannot be
// reached, and is an error of the test that asked. The SDKs read both settings once, so there is one world for all tests.
var world struct {
	*registrytest.Registry
	proxy    *registrytest.Proxy
	metadata *httptest.Server
	edge     *edge
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	home, err := os.MkdirTemp("", "fluxgate-clouds")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	world.Registry, err = registrytest.New(append(endpoints(), registries()...)...)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	if world.proxy, err = registrytest.NewProxy(world.Registry); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, world.proxy.Close()) }()
	world.metadata = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { world.edge.metadata(w, req) }))
	defer world.metadata.Close()
	if err := settle(home); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// settle gives the process what a pod of Fluxgate has from its cloud: all three of them.
func settle(home string) error {
	authority, token := filepath.Join(home, "ca.pem"), filepath.Join(home, "token")
	err := errors.Join(os.WriteFile(authority, world.CA(), 0o600), os.WriteFile(token, []byte("fluxgates-token"), 0o600))
	for _, variable := range os.Environ() { // nothing of the machine's own
		name, _, _ := strings.Cut(variable, "=")
		for _, prefix := range []string{"AWS_", "AZURE_", "GOOGLE_", "GCE_", "SSL_", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"} {
			if strings.HasPrefix(strings.ToUpper(name), prefix) {
				err = errors.Join(err, os.Unsetenv(name))
			}
		}
	}
	for name, value := range map[string]string{
		"HOME": home, "SSL_CERT_FILE": authority, "HTTPS_PROXY": world.proxy.URL(),
		"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/fluxgate", "AWS_WEB_IDENTITY_TOKEN_FILE": token,
		"AWS_EC2_METADATA_DISABLED": "true",
		"AZURE_CLIENT_ID":           "fluxgate", "AZURE_TENANT_ID": "own-tenant", "AZURE_FEDERATED_TOKEN_FILE": token,
		"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
		"GCE_METADATA_HOST":    strings.TrimPrefix(world.metadata.URL, "http://"),
	} {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return err
}

// fixture is a Client that logs in at the clouds, with a clock that stands still.
type fixture struct {
	*edge
	client   *registry.Client
	logins   *cloud.Logins
	accounts map[string]*registry.ServiceAccount
	secrets  map[string]*registry.Secret
	// addresses are those of hosts that are not at a public one.
	addresses map[string]string

	mu sync.Mutex
	at time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	world.Forget()
	f := &fixture{edge: newEdge(t), at: time.Now(), accounts: map[string]*registry.ServiceAccount{}, secrets: map[string]*registry.Secret{}, addresses: map[string]string{}}
	asked := len(world.proxy.Asked())
	t.Cleanup(func() {
		for _, hostport := range world.proxy.Asked()[asked:] {
			if host, _, _ := strings.Cut(hostport, ":"); !served(host) {
				t.Errorf("%s was asked for, which no exchange needs", hostport)
			}
		}
	})
	f.logins = cloud.New(cloud.Options{
		Tokens: f.edge, Now: f.now, Timeout: 3 * time.Second, Transport: registry.GuardedTransport(f.network()),
	})
	f.login(registry.ObjectCredentials{OwnIdentity: true})
	return f
}

// login makes a client that has these credentials, of which the readers and the cloud are the fixture's.
func (f *fixture) login(credentials registry.ObjectCredentials) {
	credentials.Secrets, credentials.ServiceAccounts, credentials.Cloud = f, f, f.logins
	options := f.network()
	options.Credentials = credentials
	f.client = registry.New(options)
}

// network leads to the registries, whose addresses are public unless the test says otherwise.
func (f *fixture) network() registry.Options {
	return registry.Options{
		Roots: world.Roots(), Dial: world.Dial, Now: f.now,
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if address, known := f.addresses[host]; known {
				return []netip.Addr{netip.MustParseAddr(address)}, nil
			}
			return []netip.Addr{netip.MustParseAddr("140.82.121.33")}, nil
		},
	}
}

func (f *fixture) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = f.at.Add(d)
}

// ReadServiceAccount is the cluster's edge.
func (f *fixture) ReadServiceAccount(_ context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	return f.accounts[namespace+"/"+name], nil
}

// ReadSecret is the cluster's edge.
func (f *fixture) ReadSecret(_ context.Context, namespace, name string) (*registry.Secret, error) {
	return f.secrets[namespace+"/"+name], nil
}

// query asks for a tag with the identity of a ServiceAccount, or with Fluxgate's own where account is empty.
func query(t *testing.T, host, account, tag string) registry.Query {
	t.Helper()
	repository, err := flux.ParseRepository("oci://" + host + "/acme/app")
	if err != nil {
		t.Fatal(err)
	}
	return registry.Query{Source: flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec", Repository: repository, Namespace: "apps",
		Provider: repository.Cloud(), ServiceAccountName: account, Ref: flux.Ref{Tag: tag},
	}}
}
