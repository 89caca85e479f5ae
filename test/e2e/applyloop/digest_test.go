package applyloop_test

import "testing"

func TestADigestThatGitAddsAndRemoves(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")

	n.reconcile(n.app(ref{tag: "v1"}))
	own := n.app(ref{tag: "v2", digest: v2})
	n.expectAction(configured, n.reconcile(own))
	n.expectStored(own) // no record: the digest is its author's
	n.expectNoOp(own)

	_, err := n.dryRun(n.app(ref{tag: "v1", digest: v2}))
	n.expectDenied(err, "[production/digest-matches-ref] spec.ref.digest")

	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v2"})))
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
}

func TestADigestThatGitAddsIsGitsEvenWhereItEqualsOurs(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")
	n.push("v2")

	n.reconcile(n.app(ref{tag: "v1"}))
	own := n.app(ref{tag: "v1", digest: v1})
	n.expectAction(unchanged, n.reconcile(own)) // so Flux does not apply it, and the digest stays ours

	labelled := changed(own, "blue", "metadata", "labels", "team")
	n.expectAction(configured, n.reconcile(labelled))
	n.expectStored(labelled)
	_, err := n.dryRun(n.app(ref{tag: "v2", digest: v1}))
	n.expectDenied(err, "[production/digest-matches-ref] spec.ref.digest")
}

func TestADigestThatOnlyAnotherManagerApplies(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	own := n.app(ref{tag: "v1", digest: v1})
	n.kubectlApply(changed(own, "blue", "metadata", "labels", "team"), "--server-side", "--force-conflicts")
	n.expectStored(changed(own, "blue", "metadata", "labels", "team"))
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))

	n.kubectlApply(changed(n.app(ref{tag: "v1"}), "blue", "metadata", "labels", "team"), "--server-side", "--force-conflicts")
	n.expectStored(pinned(changed(n.app(ref{tag: "v1"}), "blue", "metadata", "labels", "team"), v1))
}
