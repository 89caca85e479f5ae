package applyloop_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// laxSource is a tenant under no policy, with an unpinned source of a registry that is not allowed.
func laxSource(t *testing.T) *tenant {
	t.Helper()
	lax := newTenant(t, released, "lax")
	lax.must(lax.apply(lax.evil()))
	return lax
}

func (n *tenant) releaseFrom(namespace, more string) *unstructured.Unstructured {
	n.Helper()
	return n.fromYAML("helm.toolkit.fluxcd.io/v2", "HelmRelease", "podinfo", `
interval: 10m
chartRef: {kind: OCIRepository, name: app, namespace: `+namespace+`}
`+more)
}

func (n *tenant) kustomizationFrom(namespace, more string) *unstructured.Unstructured {
	n.Helper()
	return n.fromYAML("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "podinfo", `
interval: 10m
path: ./
prune: true
force: false
sourceRef: {kind: OCIRepository, name: app, namespace: `+namespace+`}
`+more)
}

func TestAReleaseIsJudgedForItsTargetNamespace(t *testing.T) {
	t.Parallel()
	lax, target := laxSource(t), production(t)

	lax.expectAction(created, lax.reconcile(lax.releaseFrom(lax.namespace, "")))
	for _, object := range []*unstructured.Unstructured{
		lax.releaseFrom(lax.namespace, "targetNamespace: "+target.namespace),
		lax.kustomizationFrom(lax.namespace, "targetNamespace: "+target.namespace),
	} {
		_, err := lax.dryRun(object)
		path := "spec.chartRef"
		if object.GetKind() == "Kustomization" {
			path = "spec.sourceRef"
		}
		lax.expectDenied(err, "[production/registry-allowlist] "+path, "[production/require-digest] "+path)
	}
}

func TestAProductionReleaseCannotLeanOnALaxNamespace(t *testing.T) {
	t.Parallel()
	n, lax := production(t), laxSource(t)
	refusedAt := func(path string) refusal {
		foreign := "OCIRepository " + lax.namespace + "/app breaks "
		remedy := "; ask those who own it to change it, or refer to another source"
		return denied(
			"[production/registry-allowlist] "+path+": "+foreign+"registry-allowlist: only allowed registries are pulled from"+remedy,
			"[production/require-digest] "+path+": "+foreign+"require-digest: what runs is pinned to a digest"+remedy,
		)
	}

	_, err := n.dryRun(n.releaseFrom(lax.namespace, ""))
	n.expectRefused(refusedAt("spec.chartRef"), err)
	_, err = n.dryRun(n.kustomizationFrom(lax.namespace, ""))
	n.expectRefused(refusedAt("spec.sourceRef"), err)
}

func TestAProductionReleaseFromAPinnedSourceIsAdmitted(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")
	n.reconcile(n.app(ref{tag: "v1"}))

	for _, object := range []*unstructured.Unstructured{
		n.releaseFrom(n.namespace, ""), n.kustomizationFrom(n.namespace, ""),
	} {
		n.expectAction(created, n.reconcile(object))
		n.expectStored(object)
		n.expectNoOp(object)
	}
	n.expectWarnings()
}
