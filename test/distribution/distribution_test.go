package distribution_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/fluxgate/fluxgate/test/distribution"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

const (
	host     = "registry.example.com"
	auth     = "auth.example.com"
	app      = host + "/acme/app"
	reserved = host + "/acme/reserved"
)

// world is four registries with one storage: each asks its clients for something else.
type world struct {
	authority                   *registrytest.Authority
	open, basic, mutual, tokens *distribution.Registry
	server                      *distribution.TokenServer
	digests                     map[string]string
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{digests: map[string]string{}}
	var err error
	if w.authority, err = registrytest.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	if w.server, err = distribution.StartTokens(w.authority, auth); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.server.Stop(); err != nil {
			t.Error(err)
		}
	})
	w.server.Permit("rich", "right", "acme/app", "acme/reserved")
	w.server.Permit("poor", "right", "acme/app")
	w.server.Permit("", "", "acme/app")
	o := distribution.Options{Names: []string{host}, Authority: w.authority, Storage: t.TempDir()}
	with := func(change func(*distribution.Options)) *distribution.Registry {
		changed := o
		change(&changed)
		return distribution.MustStart(t.Context(), t, changed)
	}
	w.open = with(func(*distribution.Options) {})
	w.basic = with(func(o *distribution.Options) { o.Users = map[string]string{"rich": "right"} })
	w.mutual = with(func(o *distribution.Options) { o.ClientAuthority = w.authority })
	w.tokens = with(func(o *distribution.Options) { o.Tokens = w.server })
	for _, repository := range []string{app, reserved} {
		w.digests[repository] = w.open.MustPush(t, repository, "v1")
	}
	return w
}

// head asks a registry for a tag and returns its digest, or the status or the kind of the failure.
func (w *world) head(t *testing.T, r *distribution.Registry, repository string, login authn.Authenticator, shown ...tls.Certificate) string {
	t.Helper()
	reach := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: w.authority.Pool(), Certificates: shown, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			to := r.Addr()
			if strings.HasPrefix(address, auth) {
				to = w.server.Addr()
			}
			var d net.Dialer
			return d.DialContext(ctx, network, to)
		},
	}
	t.Cleanup(reach.CloseIdleConnections)
	ref, err := name.ParseReference(repository + ":v1")
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(ref, remote.WithTransport(reach), remote.WithAuth(login))
	var status *transport.Error
	var alert *net.OpError
	switch {
	case err == nil && found.Digest.String() == w.digests[repository]:
		return "its digest"
	case err == nil:
		return "another digest"
	case errors.As(err, &status):
		return http.StatusText(status.StatusCode)
	// In TLS 1.3 the handshake is over for the client before the server has looked at its certificate: whether it then reads the
	// alert, or finds the connection closed, is a matter of luck.
	case errors.As(err, &alert) && alert.Op == "remote error" && alert.Err.Error() == "tls: certificate required",
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF):
		return "hung up"
	}
	return err.Error()
}

func TestEachRegistryLetsInWhomItShould(t *testing.T) {
	w := start(t)
	as := func(user, password string) authn.Authenticator {
		return authn.FromConfig(authn.AuthConfig{Username: user, Password: password})
	}
	shown, key, err := w.authority.IssueClient("apps")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(shown, key)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{
		"open, nobody":                     w.head(t, w.open, app, authn.Anonymous),
		"htpasswd, the right password":     w.head(t, w.basic, app, as("rich", "right")),
		"htpasswd, a wrong password":       w.head(t, w.basic, app, as("rich", "wrong")),
		"htpasswd, nobody":                 w.head(t, w.basic, app, authn.Anonymous),
		"client certificate":               w.head(t, w.mutual, app, authn.Anonymous, certificate),
		"no client certificate":            w.head(t, w.mutual, app, authn.Anonymous),
		"token, all rights":                w.head(t, w.tokens, reserved, as("rich", "right")),
		"token, some rights":               w.head(t, w.tokens, app, as("poor", "right")),
		"token, not this right":            w.head(t, w.tokens, reserved, as("poor", "right")),
		"token, a wrong password":          w.head(t, w.tokens, app, as("poor", "wrong")),
		"token, nobody, what all may see":  w.head(t, w.tokens, app, authn.Anonymous),
		"token, nobody, what all may not":  w.head(t, w.tokens, reserved, authn.Anonymous),
		"a repository that does not exist": w.head(t, w.open, host+"/acme/none", authn.Anonymous),
		"token, a repository of nobody's":  w.head(t, w.tokens, host+"/acme/none", as("rich", "right")),
	}
	want := map[string]string{
		"open, nobody":                     "its digest",
		"htpasswd, the right password":     "its digest",
		"htpasswd, a wrong password":       "Unauthorized",
		"htpasswd, nobody":                 "Unauthorized",
		"client certificate":               "its digest",
		"no client certificate":            "hung up",
		"token, all rights":                "its digest",
		"token, some rights":               "its digest",
		"token, not this right":            "Unauthorized",
		"token, a wrong password":          "Unauthorized",
		"token, nobody, what all may see":  "its digest",
		"token, nobody, what all may not":  "Unauthorized",
		"a repository that does not exist": "Not Found",
		"token, a repository of nobody's":  "Unauthorized",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	asked := w.server.Asked()
	if want := "poor repository:acme/reserved:pull"; !slices.Contains(asked, want) {
		t.Errorf("%q is not in what the token server was asked: %q", want, asked)
	}
}

func TestTheAccessLogHasEachRequest(t *testing.T) {
	w := start(t)
	before := len(requests(t, w.open, "/v2/acme/app/manifests", 1))
	w.head(t, w.open, app, authn.Anonymous)
	got := requests(t, w.open, "/v2/acme/app/manifests", before+1)[before:]
	want := []distribution.Request{{Method: http.MethodHead, Path: "/v2/acme/app/manifests/v1", Status: http.StatusOK}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if none := requests(t, w.open, "/v2/acme/ap", 0); len(none) > 0 {
		t.Errorf("below half a segment there is %v", none)
	}
}

// requests waits for at least so many.
func requests(t *testing.T, r *distribution.Registry, place string, least int) []distribution.Request {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		found, err := r.Requests(place)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) >= least || time.Now().After(deadline) {
			return found
		}
	}
}

func TestTheTokenServerReportsWhatNobodyShouldAsk(t *testing.T) {
	authority, err := registrytest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ method, query, want string }{
		"a right to push":  {http.MethodGet, "service=distribution&scope=repository:acme/app:pull,push", "pull,push"},
		"another service":  {http.MethodGet, "service=other", "service=other"},
		"another method":   {http.MethodPost, "service=distribution", "POST"},
		"the whole server": {http.MethodGet, "service=distribution&scope=registry:catalog:*", "catalog"},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := distribution.StartTokens(authority, auth)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), MinVersion: tls.VersionTLS12},
			}}
			req, err := http.NewRequestWithContext(t.Context(), c.method, "https://"+server.Addr()+"/token?"+c.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close() // its status is all
			if err := server.Stop(); resp.StatusCode != http.StatusNotImplemented || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s and the error %v, want one with %q", resp.Status, err, c.want)
			}
		})
	}
}

func TestARegistryThatCannotStartSaysWhy(t *testing.T) {
	_, err := distribution.Start(t.Context(), distribution.Options{Address: "256.0.0.1"})
	if err == nil || !strings.Contains(err.Error(), "256.0.0.1") {
		t.Errorf("got %v, want an error with the registry's own words", err)
	}
}
