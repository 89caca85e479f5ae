package applyloop_test

import "testing"

func TestKubectlApply(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")

	n.kubectlApply(n.app(ref{tag: "v1"}))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	n.kubectlApply(n.app(ref{tag: "v1"}))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	n.kubectlApply(n.app(ref{tag: "v2"}))
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))

	n.kubectlApply(n.app(ref{tag: "v1", digest: v1}))
	n.expectStored(n.app(ref{tag: "v1", digest: v1}))
	n.kubectlApply(n.app(ref{tag: "v1"}))
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
}

func TestKubectlEdit(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")

	n.reconcile(n.app(ref{tag: "v1"}))
	n.kubectlEdit(`s/tag: v1/tag: v2/`)
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))

	n.kubectlEdit(`s/tag: v2/tag: v1/`, `s/digest: `+v2+`/digest: `+v1+`/`)
	n.expectStored(n.app(ref{tag: "v1", digest: v1}))

	n.kubectlEdit(`/^    digest: /d`)
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
}

func TestKubectlReplace(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1, v2 := n.push("v1"), n.push("v2")
	replace := func(r ref) {
		t.Helper()
		if _, err := n.kubectl(n.app(r), "replace", "--filename", "-"); err != nil {
			t.Fatal(err)
		}
	}

	n.reconcile(n.app(ref{tag: "v1"}))
	n.move(n.repository, "v1")
	before := n.asked()
	replace(ref{tag: "v1"})
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	if asked := n.asked() - before; asked != 0 {
		t.Errorf("the registry was asked %d times, want never", asked)
	}
	replace(ref{tag: "v2"})
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
	replace(ref{tag: "v2", digest: v2})
	replace(ref{tag: "v2"})
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
}

func TestAnObjectThatMovesFromKubectlToServerSideApplyKeepsItsPin(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	n.kubectlApply(n.app(ref{tag: "v1"}))
	n.move(n.repository, "v1")
	before := n.asked()
	n.kubectlApply(n.app(ref{tag: "v1"}), "--server-side", "--force-conflicts")
	n.kubectlApply(n.app(ref{tag: "v1"}), "--server-side", "--force-conflicts")
	n.expectStored(pinned(n.app(ref{tag: "v1"}), v1))
	if asked := n.asked() - before; asked != 0 {
		t.Errorf("the registry was asked %d times, want never", asked)
	}
}

func TestARepinAnnotationMovesThePinToWhatTheTagNamesNow(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")

	n.reconcile(n.app(ref{tag: "v1"}))
	moved := n.push("v1")
	repin := func(value string) {
		t.Helper()
		if _, err := n.kubectl(nil, "annotate", "ocirepositories", "app", "--overwrite", "fluxgate.dev/repin="+value); err != nil {
			t.Fatal(err)
		}
	}
	repin("once")
	n.expectStored(annotated(pinned(n.app(ref{tag: "v1"}), moved), "fluxgate.dev/repin", "once"))
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))

	n.push("v1")
	repin("once")
	n.expectStored(annotated(pinned(n.app(ref{tag: "v1"}), moved), "fluxgate.dev/repin", "once"))
	again := n.push("v1")
	repin("twice")
	n.expectStored(annotated(pinned(n.app(ref{tag: "v1"}), again), "fluxgate.dev/repin", "twice"))
}
