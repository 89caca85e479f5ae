// Package diagnose_test shows `fluxgate diagnose` at a real API server.
package diagnose_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/controlplane"
	"github.com/fluxgate/fluxgate/test/registrytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world is an API server, and a registry that the binary reaches as ghcr.io.
type world struct {
	*controlplane.ControlPlane
	t        *testing.T
	registry *registrytest.Registry
	proxy    string
	ca       string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, ControlPlane: controlplane.ForTest(t, controlplane.Options{Flux: controlplane.Released}),
		registry: registrytest.Start(t, "ghcr.io"), ca: filepath.Join(t.TempDir(), "ca.pem"),
	}
	w.proxy = registrytest.StartProxy(t, w.registry).URL()
	w.registry.Repeatable()
	w.registry.MustPush(t, "ghcr.io/acme/app", "v1")
	w.registry.Require("ghcr.io", registrytest.Login{User: "robot", Password: "right"})
	if err := os.WriteFile(w.ca, w.registry.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) apply(manifests string) {
	w.t.Helper()
	for document := range strings.SplitSeq(manifests, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			w.t.Fatal(err)
		}
		if err := w.Apply(w.t.Context(), object); err != nil {
			w.t.Fatal(err)
		}
	}
}

type outcome struct {
	code           int
	stdout, stderr string
}

func (w *world) diagnose(kubeconfig string, args ...string) outcome {
	w.t.Helper()
	root, err := controlplane.Root()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(root, "bin", "fluxgate"), append([]string{"diagnose", "--registry-ca", w.ca}, args...)...)
	command.Env = []string{"HTTPS_PROXY=" + w.proxy, "KUBECONFIG=" + kubeconfig, "HOME=" + w.t.TempDir()}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
	}
	return outcome{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

const objects = `apiVersion: v1
kind: Namespace
metadata: {name: apps}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: app, namespace: apps}
spec:
  interval: 1m
  url: oci://ghcr.io/acme/app
  ref: {tag: v1}
  secretRef: {name: pull}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: by-ref, namespace: apps}
spec:
  interval: 1m
  chartRef: {kind: OCIRepository, name: app}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: by-chart, namespace: apps}
spec:
  interval: 1m
  chart: {spec: {chart: podinfo, sourceRef: {kind: HelmRepository, name: charts}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: dangling, namespace: apps}
spec:
  interval: 1m
  chartRef: {kind: OCIRepository, name: gone}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tenant, namespace: apps}
rules: [{apiGroups: [source.toolkit.fluxcd.io], resources: [ocirepositories], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tenant, namespace: apps}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tenant}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: tenant}]`

func pullSecret(password string) string {
	return `apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: apps}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"ghcr.io": {"username": "robot", "password": "` + password + `"}}}'`
}

func TestDiagnoseAtTheAPIServer(t *testing.T) {
	w := newWorld(t)
	w.apply(objects)
	tenant, err := w.UserKubeconfig("tenant")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := client.New(w.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := controlplane.UntilAllowed(t.Context(), admin, "tenant", authorizationv1.ResourceAttributes{
		Namespace: "apps", Verb: "get", Group: "source.toolkit.fluxcd.io", Resource: "ocirepositories",
	}); err != nil {
		t.Fatal(err)
	}
	const app = "OCIRepository/apps/app"
	steps := []struct {
		name    string
		prepare func()
		as      string // a kubeconfig; empty: the administrator's
		args    []string
		code    int
		golden  string // what is printed; empty: nothing
		stderr  string
	}{
		{name: "the Secret is missing", args: []string{app}, code: 1, golden: "missing.txt"},
		{name: "the Secret is right", prepare: func() { w.apply(pullSecret("right")) }, args: []string{app}, code: 0, golden: "passed.txt"},
		{name: "as JSON", args: []string{"-o", "json", app}, code: 0, golden: "passed.json"},
		{name: "offline", args: []string{"--offline", app}, code: 0, golden: "offline.txt"},
		{name: "by a HelmRelease", args: []string{"HelmRelease/apps/by-ref"}, code: 0, golden: "release.txt"},
		{name: "as somebody who may not read the Secret", as: tenant, args: []string{app}, code: 3, golden: "forbidden.txt"},
		{name: "the password is wrong", prepare: func() { w.apply(pullSecret("hunter2")) }, args: []string{app}, code: 1, golden: "wrong.txt"},
		{name: "a HelmRelease with a chart", args: []string{"HelmRelease/apps/by-chart"}, code: 2,
			stderr: "HelmRelease apps/by-chart has no chartRef to an OCIRepository; one with a chart of a HelmRepository is not walked"},
		{name: "a HelmRelease that leads nowhere", args: []string{"HelmRelease/apps/dangling"}, code: 2,
			stderr: "OCIRepository apps/gone does not exist in the cluster"},
		{name: "an object that is not there", args: []string{"OCIRepository/apps/none"}, code: 2,
			stderr: "OCIRepository apps/none does not exist in the cluster"},
		{name: "an object that may not be read", as: tenant, args: []string{"HelmRelease/apps/by-ref"}, code: 3, stderr: "is forbidden"},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			if step.prepare != nil {
				step.prepare()
			}
			kubeconfig := step.as
			if kubeconfig == "" {
				kubeconfig = w.Kubeconfig
			}
			got := w.diagnose(kubeconfig, step.args...)
			if got.code != step.code || !strings.Contains(got.stderr, step.stderr) || step.stderr == "" && got.stderr != "" {
				t.Errorf("got %+v, want code %d and %q on stderr", got, step.code, step.stderr)
			}
			if strings.Contains(got.stdout+got.stderr, "hunter2") {
				t.Errorf("the password is told: %+v", got)
			}
			if step.golden == "" && got.stdout != "" {
				t.Errorf("printed %q, want nothing", got.stdout)
			}
			if step.golden != "" {
				golden(t, step.golden, got.stdout)
			}
		})
	}
	if got := w.diagnose(tenant, "-v", app); !strings.Contains(got.stdout, `because: reading secret apps/pull: secrets "pull" is forbidden`) {
		t.Errorf("with -v: got %+v, want why the Secret could not be read", got)
	}
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
