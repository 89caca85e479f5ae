package applyloop_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// condemned is a tenant with an unpinned app of a registry that is not allowed, which was there before the policy.
func condemned(t *testing.T) *tenant {
	t.Helper()
	n := newTenant(t, released, "late")
	n.must(n.apply(n.evil()))
	n.label("environment", "production")
	n.eventually("the policy applies", func() bool {
		another := n.evil()
		another.SetName("another")
		_, err := n.dryRun(another)
		return err != nil
	})
	n.warnings.take()
	return n
}

func (n *tenant) evil() *unstructured.Unstructured {
	return n.app(ref{url: "oci://evil.example.com/app", tag: "v1"})
}

// violated are the rules that the app of a condemned tenant violates.
func violated() []string {
	return []string{"[production/pin] spec.ref.digest", "[production/registry-allowlist] spec.url",
		"[production/require-digest] spec.ref.digest"}
}

// patch is a merge patch of the app, as flux and controllers send it.
func (n *tenant) patch(text string) error {
	n.Helper()
	app := n.app(ref{})
	n.seenByItsCache(app)
	return n.client.Patch(n.Context(), app, client.RawPatch("application/merge-patch+json", []byte(text)))
}

// seenByItsCache waits until the API server's own cache holds an object as it is stored: what the webhooks warned of an old one, the
// client of a patch is told too.
func (n *tenant) seenByItsCache(like *unstructured.Unstructured) {
	n.Helper()
	if err := controlplane.UntilCached(n.Context(), n.client, like); err != nil {
		n.Fatal(err)
	}
}

func (n *tenant) expectPatched(text string) {
	n.Helper()
	if err := n.patch(text); err != nil {
		n.Errorf("patch %s: %v", text, err)
	}
}

func TestFinalizersComeAndGoOnAnObjectThatPolicyDenies(t *testing.T) {
	t.Parallel()
	n := condemned(t)

	n.expectPatched(`{"metadata":{"finalizers":["finalizers.fluxcd.io"]}}`)
	n.expectPatched(`{"metadata":{"finalizers":[]}}`)
	n.expectStored(n.evil())
	n.expectWarnings()
}

func TestAnObjectThatPolicyDeniesIsDeletedWithItsFinalizers(t *testing.T) {
	t.Parallel()
	n := condemned(t)

	n.expectPatched(`{"metadata":{"finalizers":["finalizers.fluxcd.io"]}}`)
	if err := n.client.Delete(n.Context(), n.evil()); err != nil {
		t.Fatal(err)
	}
	if n.get(n.evil()) == nil {
		t.Fatal("it is gone before its finalizer")
	}
	n.expectPatched(`{"metadata":{"finalizers":[],"labels":{"last":"words"}},"spec":{"interval":"1h"}}`)
	if left := n.get(n.evil()); left != nil {
		t.Errorf("it is still there: %v", left.Object)
	}
	n.expectWarnings()
}

func TestFluxSuspendPassesAndResumeIsJudged(t *testing.T) {
	t.Parallel()
	n := condemned(t)

	n.expectPatched(`{"spec":{"suspend":true}}`)
	n.expectStored(changed(n.evil(), true, "spec", "suspend"))
	n.expectWarnings()

	resumed := n.patch(`{"spec":{"suspend":false}}`)
	n.expectDenied(resumed, violated()...)
	n.expectStored(changed(n.evil(), true, "spec", "suspend"))
}

func TestFluxReconcilePassesUnjudged(t *testing.T) {
	t.Parallel()
	n := condemned(t)

	n.expectPatched(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"2026-01-01T00:00:00Z"}}}`)
	n.expectWarnings()
}

func TestWhatAnObjectViolatedBeforeIsAWarningUntilItPullsAnother(t *testing.T) {
	t.Parallel()
	n := condemned(t)

	n.expectAction(configured, n.reconcile(changed(n.evil(), "blue", "metadata", "labels", "team")))
	n.expectStored(changed(n.evil(), "blue", "metadata", "labels", "team"))
	if diff := cmp.Diff(violated(), heads(n.warnings.take()[:3])); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	_, err := n.dryRun(n.app(ref{url: "oci://evil.example.com/app", tag: "v2"}))
	n.expectDenied(err, "[production/registry-allowlist] spec.url")
}
