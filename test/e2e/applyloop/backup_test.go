package applyloop_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestABackupIsRestoredWithItsPin(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.restore(n.takeAway())
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))

	v2 := n.push("v2")
	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v2"}))) // the restored pin is still ours
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
}

func TestABackupOfATagThatMovedMeanwhileIsRestoredAsItWas(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "trusting")
	v1 := n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	backup := n.takeAway()
	n.move(n.repository, "v1")
	n.restore(backup)
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
}

// A policy that demands that new digests be what their tags name does so of a restored one too, record or not.
func TestABackupOfATagThatMovedMeanwhileIsDeniedWhereTheDigestMustBeTheTags(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	backup := n.takeAway()
	n.move(n.repository, "v1")
	for _, backup := range []*unstructured.Unstructured{backup, without(backup, "metadata", "annotations")} {
		err := n.client.Create(n.Context(), backup, client.DryRunAll)
		n.expectDenied(err, "[production/digest-matches-ref] spec.ref.digest")
	}
}

// Whoever commits what `kubectl get -o yaml` prints commits the digest and the record with it.
func TestARecordInGitMakesNoDrift(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")

	exported := pinned(n.app(ref{tag: "v1"}), v1)
	n.expectAction(created, n.reconcile(exported))
	n.expectStored(n.app(ref{tag: "v1", digest: v1})) // Git applies the digest, so it is Git's
	n.expectNoOp(exported)

	_, err := n.dryRun(changed(exported, "v2", "spec", "ref", "tag"))
	n.expectDenied(err, "[production/digest-matches-ref] spec.ref.digest")
	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v2"})))
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
}

// takeAway deletes the app and returns its backup.
func (n *tenant) takeAway() (backup *unstructured.Unstructured) {
	n.Helper()
	backup = n.backup()
	if _, err := n.kubectl(nil, "delete", "ocirepositories", "app"); err != nil {
		n.Fatal(err)
	}
	return backup
}

func (n *tenant) restore(backup *unstructured.Unstructured) {
	n.Helper()
	if _, err := n.kubectl(backup, "create", "--filename", "-"); err != nil {
		n.Fatal(err)
	}
}
