package applyloop_test

import "testing"

func TestAnAppliedTagIsPinnedAndStaysPinned(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.expectAction(created, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))

	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectNoOp(n.app(ref{tag: "v1"}))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	n.expectWarnings()
}

func TestAnotherTagIsPinnedAnew(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v2"})))
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))

	n.expectAction(configured, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
}

func TestATagThatMovesInTheRegistryMovesNoPinAndNobodyAsks(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.move(n.repository, "v1")
	before := n.asked()
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectNoOp(n.app(ref{tag: "v1"}))
	labelled := n.app(ref{tag: "v1"})
	labelled.SetLabels(map[string]string{"team": "blue"})
	n.expectAction(configured, n.reconcile(labelled))

	n.expectStored(pinned(labelled, v1))
	if asked := n.asked() - before; asked != 0 {
		t.Errorf("the registry was asked %d times, want never", asked)
	}
}

func TestAnotherURLIsPinnedAnew(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")
	other := n.pushTo(n.repository+"/other", "v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	moved := n.app(ref{tag: "v1", url: "oci://" + n.repository + "/other"})
	n.expectAction(configured, n.reconcile(moved))
	n.expectStored(pinned(moved, other))
}

func TestARefThatIsRemovedIsPinnedAsLatest(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")
	latest := n.push("latest")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.expectAction(configured, n.reconcile(n.app(ref{})))
	n.expectStored(pinned(n.app(ref{}), latest))
}

func TestARangeThatNoPolicyPinsLosesTheDigestOfTheTagBeforeIt(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("1.0.0")

	n.reconcile(n.app(ref{tag: "1.0.0"}))
	_, err := n.dryRun(n.app(ref{semver: "1.x"}))
	n.expectRefused(denied(`[production/require-digest] spec.ref.digest: there is no digest, and semver "1.x" can name another `+
		`artifact tomorrow; set spec.ref.digest to `+v1), err)
	n.expectStored(pinned(n.app(ref{tag: "1.0.0"}), v1))
}

func TestARangeThatAPolicyPinsIsPinnedToTheHighestVersion(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "ranges")
	lowest := n.push("1.0.0")
	highest := n.push("1.2.0")
	n.push("2.0.0")

	n.reconcile(n.app(ref{tag: "1.0.0"}))
	n.expectAction(configured, n.reconcile(n.app(ref{semver: "1.x"})))
	n.expectStored(pinned(n.app(ref{semver: "1.x"}), highest))

	n.move(n.repository, "1.3.0")
	n.expectAction(unchanged, n.reconcile(n.app(ref{semver: "1.x"})))
	n.expectStored(pinned(n.app(ref{semver: "1.x"}), highest))

	filtered := n.app(ref{semver: "1.x", semverFilter: "^1[.]0[.]"})
	n.expectAction(configured, n.reconcile(filtered))
	n.expectStored(pinned(filtered, lowest))
}

func TestARangeThatNoPolicyPinsIsStoredAsWritten(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "trusting")
	v1 := n.push("1.0.0")

	n.reconcile(n.app(ref{tag: "1.0.0"}))
	n.expectAction(configured, n.reconcile(n.app(ref{semver: "1.x"})))
	n.expectStored(n.app(ref{semver: "1.x"}))
	n.expectAction(configured, n.reconcile(n.app(ref{tag: "1.0.0"})))
	n.expectStored(pinned(n.app(ref{tag: "1.0.0"}), v1))
}

func TestAnEmptyRefIsPinnedAsLatest(t *testing.T) {
	t.Parallel()
	n := production(t)
	latest := n.push("latest")
	empty := changed(n.app(ref{}), map[string]any{}, "spec", "ref")

	n.expectAction(created, n.reconcile(empty))
	n.expectStored(pinned(n.app(ref{}), latest))
	n.expectNoOp(empty)
}

func TestAFinalizerTouchesNoPin(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.expectPatched(`{"metadata":{"finalizers":["finalizers.fluxcd.io"]}}`)
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
	want := pinned(n.app(ref{tag: "v1"}), v1)
	want.SetFinalizers([]string{"finalizers.fluxcd.io"})
	n.expectStored(want)
}
