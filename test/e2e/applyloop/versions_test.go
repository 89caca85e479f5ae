package applyloop_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestAnObjectInAnOlderVersionIsPinned(t *testing.T) {
	t.Parallel()
	n := newTenant(t, derived, "prod")
	v1, v2 := n.push("v1"), n.push("v2")
	older := func(r ref) *unstructured.Unstructured {
		return changed(n.app(r), "source.toolkit.fluxcd.io/v1beta2", "apiVersion")
	}

	n.expectAction(created, n.reconcile(older(ref{tag: "v1"})))
	n.expectStored(pinned(older(ref{tag: "v1"}), v1))
	n.expectAction(unchanged, n.reconcile(older(ref{tag: "v1"})))
	n.expectNoOp(older(ref{tag: "v1"}))

	n.expectAction(configured, n.reconcile(older(ref{tag: "v2"})))
	n.expectStored(pinned(older(ref{tag: "v2"}), v2))
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v2"}))) // Git moves on to v1
	n.expectStored(pinned(n.app(ref{tag: "v2"}), v2))
}

func TestAnObjectWhoseNameIsGeneratedIsPinned(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	app := without(n.app(ref{tag: "v1"}), "metadata", "name")
	app.SetGenerateName("app-")
	if err := n.client.Create(n.Context(), app); err != nil {
		t.Fatal(err)
	}
	want := pinned(n.app(ref{tag: "v1"}), v1)
	want.SetName(app.GetName())
	want.SetGenerateName("app-")
	n.expectStored(want)

	evil := without(n.evil(), "metadata", "name")
	evil.SetGenerateName("app-")
	n.expectDenied(n.client.Create(n.Context(), evil), "[production/registry-allowlist] spec.url")
}

// The inline form of helm-controller 1.7 holds a whole OCIRepository.
func TestAnInlineOCIRepositoryIsPinned(t *testing.T) {
	t.Parallel()
	n := newTenant(t, derived, "prod")
	v1, v2 := n.push("v1"), n.push("v2")
	release := func(tag string) *unstructured.Unstructured {
		return n.fromYAML("helm.toolkit.fluxcd.io/v2", "HelmRelease", "app", `
interval: 10m
chart:
  kind: OCIRepository
  spec: {url: "oci://`+n.repository+`", ref: {tag: `+tag+`}}
`)
	}

	n.expectAction(created, n.reconcile(release("v1")))
	n.expectStored(pinnedAt(release("v1"), v1, "spec", "chart", "spec"))
	n.expectAction(unchanged, n.reconcile(release("v1")))
	n.expectNoOp(release("v1"))
	n.expectAction(configured, n.reconcile(release("v2")))
	n.expectStored(pinnedAt(release("v2"), v2, "spec", "chart", "spec"))
}
