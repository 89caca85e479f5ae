package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// world is a registry that a process reaches as ghcr.io, and what that process needs for it.
type world struct {
	registry    *registrytest.Registry
	environment []string
	args        []string
}

func newWorld(t *testing.T) world {
	t.Helper()
	r := registrytest.Start(t, "ghcr.io")
	proxy := registrytest.StartProxy(t, r)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, r.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	return world{
		registry:    r,
		environment: []string{"HTTPS_PROXY=" + proxy.URL()},
		args:        []string{"check", "--registry-ca", ca, "-p", "testdata/policies", "--timeout", "5s"},
	}
}

func (w world) check(t *testing.T, args ...string) outcome {
	t.Helper()
	return asProcess(t, w.environment, append(w.args, args...)...)
}

func TestCheckPinsWhatTheRegistrySays(t *testing.T) {
	w := newWorld(t)
	digest := w.registry.MustPush(t, "ghcr.io/acme/app", "v1.0.0")
	got := w.check(t, "testdata/apps/namespaces.yaml", "testdata/apps/tagged.yaml")
	want := outcome{Stdout: "testdata/apps/tagged.yaml: OCIRepository shop/tagged: allow\n" +
		"  pin spec.ref.digest: tag v1.0.0 is " + digest + "\n\n" +
		"2 objects judged: 2 allowed, 0 warned, 0 denied, 0 could not be judged\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("check (-want +got):\n%s", diff)
	}
}

func TestCheckLogsInAsTheUser(t *testing.T) {
	w := newWorld(t)
	w.registry.MustPush(t, "ghcr.io/acme/app", "v1.0.0")
	w.registry.Require("ghcr.io", registrytest.Login{User: "ci", Password: "hunter2"})
	paths := []string{"testdata/apps/namespaces.yaml", "testdata/apps/tagged.yaml"}
	if got := w.check(t, paths...); got.Code != 3 || !strings.Contains(got.Stdout, "unauthorized") {
		t.Errorf("without a login: got %+v, want code 3 and why", got)
	}
	config := t.TempDir()
	const login = `{"auths": {"ghcr.io": {"username": "ci", "password": "hunter2"}}}`
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	w.environment = append(w.environment, "DOCKER_CONFIG="+config)
	if got := w.check(t, paths...); got.Code != 0 {
		t.Errorf("with a login: got %+v, want code 0", got)
	}
	w.registry.Require("ghcr.io", registrytest.Login{User: "ci", Password: "another"})
	if got := w.check(t, paths...); got.Code != 3 || strings.Contains(got.Stdout+got.Stderr, "hunter2") {
		t.Errorf("with a wrong login: got %+v, want code 3 and nothing of the password", got)
	}
}

func TestCheckTellsARegistryThatIsDownFromADenial(t *testing.T) {
	w := newWorld(t)
	w.registry.Break("ghcr.io", registrytest.Down())
	paths := []string{"testdata/apps/namespaces.yaml", "testdata/apps/tagged.yaml"}
	undecided := w.check(t, paths...)
	golden(t, "down.txt", undecided.Stdout)
	if undecided.Code != 3 {
		t.Errorf("exit code %d, want 3", undecided.Code)
	}
	if denied := w.check(t, append(paths, "testdata/apps/evil.yml")...); denied.Code != 1 {
		t.Errorf("beside a denial: exit code %d, want 1", denied.Code)
	}
}

func TestCheckSaysWhatIsBehindAFailureOnlyWhereAskedTo(t *testing.T) {
	w := newWorld(t)
	w.registry.Break("ghcr.io", registrytest.Status(503, "UNAVAILABLE"))
	paths := []string{"testdata/apps/namespaces.yaml", "testdata/apps/tagged.yaml"}
	if got := w.check(t, paths...); got.Code != 3 || strings.Contains(got.Stdout, "503") {
		t.Errorf("got %+v, want code 3 and no more than the class", got)
	}
	if got := w.check(t, append(paths, "--verbose")...); got.Code != 3 || !strings.Contains(got.Stdout, "503") {
		t.Errorf("verbose: got %+v, want code 3 and the status", got)
	}
}

func TestCheckDialsNoHostThatPolicyRefuses(t *testing.T) {
	w := newWorld(t)
	w.registry.MustPush(t, "ghcr.io/acme/app", "v1.0.0")
	got := w.check(t, "testdata/apps/namespaces.yaml", "testdata/apps/evil.yml")
	if asked := w.registry.Requests(); got.Code != 1 || len(asked) != 0 {
		t.Errorf("got %+v and requests %v, want code 1 and none", got, asked)
	}
}

// TestCheckOfflineOpensNoConnection lets everything that could be dialled lead to a listener that counts.
func TestCheckOfflineOpensNoConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var accepted atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = conn.Close()
		}
	}()
	environment := []string{"HTTPS_PROXY=http://" + listener.Addr().String(), "HTTP_PROXY=http://" + listener.Addr().String()}
	args := []string{
		"check", "--egress-allow", "127.0.0.0/8", "-p", "testdata/policies",
		"testdata/apps/namespaces.yaml", "testdata/apps/tagged.yaml",
	}
	if got := asProcess(t, environment, append(args, "--offline")...); got.Code != 0 || accepted.Load() != 0 {
		t.Errorf("offline: got %+v and %d connections, want code 0 and none", got, accepted.Load())
	}
	if got := asProcess(t, environment, args...); got.Code != 3 || accepted.Load() == 0 {
		t.Errorf("online: got %+v and %d connections, want code 3 and some: else the first half proves nothing", got, accepted.Load())
	}
}
