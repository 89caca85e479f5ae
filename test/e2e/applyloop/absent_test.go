package applyloop_test

import (
	"context"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// It is not parallel: while it runs, nobody's objects are pinned. The parallel tests start after it.
func TestTheMutatingWebhookIsAbsent(t *testing.T) {
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")
	n.push("latest")
	n.reconcile(n.app(ref{tag: "v1"}))
	n.withoutMutation()

	fresh := n.app(ref{tag: "v1"})
	fresh.SetName("fresh")
	_, err := n.dryRun(fresh)
	n.expectRefused(denied(
		"[production/pin] spec.ref.digest: the policy pins this source, and it has no digest; set spec.ref.digest: "+v1,
		`[production/require-digest] spec.ref.digest: there is no digest, and tag "v1" can name another artifact tomorrow; set `+
			"spec.ref.digest to "+v1,
	), err)

	_, err = n.dryRun(n.app(ref{tag: "v2"}))
	n.expectDenied(err, "[production/digest-matches-ref] spec.ref.digest", "[production/stale-pin] spec.ref.digest")
	_, err = n.dryRun(n.app(ref{}))
	n.expectDenied(err, "[production/pin] spec.ref.digest", "[production/require-digest] spec.ref.digest")

	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
	own := n.app(ref{tag: "v2", digest: v2})
	n.expectAction(configured, n.reconcile(own))
	n.expectStored(annotated(own, recordAnnotation, n.get(pinned(n.app(ref{}), v1)).GetAnnotations()[recordAnnotation]))
}

func TestAStalePinIsCaughtWhereNothingElseWouldCatchIt(t *testing.T) {
	n := newTenant(t, released, "trusting")
	n.push("v1")
	n.push("v2")
	n.reconcile(n.app(ref{tag: "v1"}))
	n.withoutMutation()

	_, err := n.dryRun(n.app(ref{tag: "v2"}))
	n.expectDenied(err, "[trusting/stale-pin] spec.ref.digest")
}

// withoutMutation takes Fluxgate's mutating webhook away until the test ends.
func (n *tenant) withoutMutation() {
	n.Helper()
	live := &admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := n.client.Get(n.Context(), client.ObjectKey{Name: "fluxgate"}, live); err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { n.restoreMutation(live) })
	if err := n.client.Delete(n.Context(), live.DeepCopy()); err != nil {
		n.Fatal(err)
	}
	n.eventually("the mutating webhook is no longer called", func() bool { return !n.mutates(n.Context()) })
}

func (n *tenant) restoreMutation(live *admissionregistrationv1.MutatingWebhookConfiguration) {
	live.ResourceVersion, live.UID = "", ""
	if err := n.client.Create(context.Background(), live); err != nil && !apierrors.IsAlreadyExists(err) {
		n.Error(err)
		return
	}
	n.eventually("the mutating webhook is called again", func() bool { return n.mutates(context.Background()) })
}

// mutates reports whether a new object comes out pinned.
func (n *tenant) mutates(ctx context.Context) bool {
	probe := n.app(ref{tag: "v1"})
	probe.SetName("probe")
	return n.client.Create(ctx, probe, client.DryRunAll) == nil
}
