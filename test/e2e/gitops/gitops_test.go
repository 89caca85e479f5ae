package gitops_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// TestFluxAppliesAndNothingDrifts: what is in Git has a tag, what is stored has the digest that was verified, and Flux finds nothing
// to change as often as it applies the one onto the other. The Secret to verify with comes in the same commit.
func TestFluxAppliesAndNothingDrifts(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "steady")
	first := f.release("v1")
	f.publish(map[string]string{"app.yaml": f.repository("{tag: v1}"), "secret.yaml": f.secret()})
	f.follow()
	f.untilStored("the first release", first)
	f.wantSteady("created")
	f.wantPulled(first)

	// The tag moves: what was verified is what runs.
	if err := world.Registry.Move(f.app, "v1", f.release("other")); err != nil {
		t.Fatal(err)
	}
	f.wantSteady()
	f.untilStored("the first release still", first)

	// What the tag names now is taken when Git says so.
	moved := f.release("moved")
	if err := world.Registry.Move(f.app, "v1", moved); err != nil {
		t.Fatal(err)
	}
	f.publish(map[string]string{
		"app.yaml":    strings.Replace(f.repository("{tag: v1}"), "metadata:\n", "metadata:\n  annotations: {fluxgate.dev/repin: again}\n", 1),
		"secret.yaml": f.secret(),
	})
	f.untilStored("what the tag names now", moved)
	f.wantSteady("configured")
	f.wantPulled(moved)

	second := f.release("v2")
	f.publish(map[string]string{"app.yaml": f.repository("{tag: v2}"), "secret.yaml": f.secret()})
	f.untilStored("the second release", second)
	f.wantSteady("configured")
	f.wantPulled(second)

	third := f.release("3.1.4")
	f.publish(map[string]string{"app.yaml": f.repository("{semver: '>=1.0.0'}"), "secret.yaml": f.secret()})
	f.untilStored("the release that a range names", third)
	f.wantSteady("configured")
	f.wantPulled(third)

	if got, want := f.generation(), int64(4); got != want {
		t.Errorf("the object was changed %d times, want %d: once for each release", got, want)
	}
}

// TestARewrittenReleaseDoesNotDrift: Git has the sourceRef that much documentation shows, the cluster the chartRef that Flux reads.
// helm-controller installs the chart that was verified.
func TestARewrittenReleaseDoesNotDrift(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "release")
	chart, err := world.Registry.PushChart(f.app, "app", "1.0.0")
	f.must(err)
	f.must(f.SignBundle(chart, f.key))
	f.publish(map[string]string{
		"app.yaml": f.repository("{tag: 1.0.0}"), "secret.yaml": f.secret(),
		"release.yaml": f.manifest("helm.toolkit.fluxcd.io/v2", "HelmRelease",
			"  {interval: 1m, chart: {spec: {chart: app, sourceRef: {kind: OCIRepository, name: app}}}}\n"),
	})
	f.follow()
	f.untilStored("the chart", chart)
	f.wantSteadyKind("HelmRelease", "created")
	want := map[string]any{"interval": "1m", "chartRef": map[string]any{"kind": "OCIRepository", "name": "app"}}
	if diff := cmp.Diff(want, f.storedAs("helm.toolkit.fluxcd.io/v2", "HelmRelease").Object["spec"]); diff != "" {
		t.Errorf("spec of the release (-want +got):\n%s", diff)
	}
	f.wantPulled(chart)
	f.until("the release", func() bool { return f.installed() != "" })
	if got := f.installed(); got != chart {
		t.Errorf("installed is %s, verified was %s", got, chart)
	}
}

// installed is the digest of the chart that helm-controller installed; empty until it has.
func (f *fleet) installed() string {
	f.Helper()
	release := f.storedAs("helm.toolkit.fluxcd.io/v2", "HelmRelease")
	history, _, _ := unstructured.NestedSlice(release.Object, "status", "history")
	if len(history) == 0 {
		return ""
	}
	latest, _ := history[0].(map[string]any)
	digest, _, _ := unstructured.NestedString(latest, "ociDigest")
	if status, _, _ := unstructured.NestedString(latest, "status"); status != "deployed" {
		return ""
	}
	return digest
}

// TestFluxIsToldWhatIsRefused: an unsigned release does not get in, and the one before it stays as it is.
func TestFluxIsToldWhatIsRefused(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "refused")
	first := f.release("v1")
	f.publish(map[string]string{"app.yaml": f.repository("{tag: v1}"), "secret.yaml": f.secret()})
	f.follow()
	f.untilStored("the first release", first)
	world.Registry.MustPush(t, f.app, "v2")
	f.publish(map[string]string{"app.yaml": f.repository("{tag: v2}"), "secret.yaml": f.secret()})
	const told = "[apps/signature-verified] spec.verify: the artifact has no cosign signature"
	f.until("the refusal in the status of the Kustomization", func() bool { return strings.Contains(f.status(), told) })
	if diff := cmp.Diff(first, digestOf(f.stored())); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	f.wantPulled(first)
}

// TestASecretMayComeWithWhatNeedsIt: Flux dry-runs all that it applies together before it stores any of it, so that neither the Secret
// to log in with nor the ServiceAccount that names it exists in that dry run.
func TestASecretMayComeWithWhatNeedsIt(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "private")
	f.app = "registry.example.com/acme/private"
	f.placeAt(f.app)
	first := f.release("v1")
	world.Registry.Require("registry.example.com", registrytest.Login{User: "robot", Password: "right"})
	f.publish(map[string]string{
		"account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: puller, namespace: " + f.namespace + "}\nimagePullSecrets: [{name: pull}]\n",
		"app.yaml":     strings.Replace(f.repository("{tag: v1}"), "spec:\n", "spec:\n  serviceAccountName: puller\n", 1),
		"pull.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: " + f.namespace + "}\ntype: kubernetes.io/dockerconfigjson\n" +
			"stringData:\n  .dockerconfigjson: '{\"auths\": {\"registry.example.com\": {\"username\": \"robot\", \"password\": \"right\"}}}'\n",
		"secret.yaml": f.secret(),
	})
	f.follow()
	f.untilStored("the release", first)
	f.wantSteady("created")
	f.wantPulled(first)
}

// wantSteady fails unless kustomize-controller did what is wanted with the OCIRepository since the last call, and found it unchanged
// from then on, five times.
func (f *fleet) wantSteady(want ...string) {
	f.Helper()
	f.wantSteadyKind("OCIRepository", want...)
}

func (f *fleet) wantSteadyKind(kind string, want ...string) {
	f.Helper()
	f.until("more applies", func() bool { return len(f.applied(kind)) >= f.seen+len(want)+5 })
	now := f.applied(kind)[f.seen:]
	var changes []string
	for _, done := range now {
		if done != "unchanged" {
			changes = append(changes, done)
		}
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		f.Errorf("changes by kustomize-controller (-want +got):\n%s\nof %q", diff, now)
	}
	f.seen += len(now)
}

// wantPulled fails unless source-controller verified and pulled a digest.
func (f *fleet) wantPulled(digest string) {
	f.Helper()
	got, err := source.Outcome(f.Context(), f.client, client.ObjectKey{Namespace: f.namespace, Name: "app"})
	f.must(err)
	if got.Digest != digest || !got.Verified {
		f.Errorf("Flux: verified %t, pulled %q, want %s: %s: %s", got.Verified, got.Digest, digest, got.Reason, got.Message)
	}
}
