package applyloop_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const rewriteNote = "spec.chartRef: spec.chart, whose sourceRef is an OCIRepository, was rewritten to spec.chartRef: " +
	"{kind: OCIRepository, name: podinfo-oci}"

// release is a HelmRelease with a chart from a source, as much documentation shows it.
func (n *tenant) release(kind, source, more string) *unstructured.Unstructured {
	n.Helper()
	return n.fromYAML("helm.toolkit.fluxcd.io/v2", "HelmRelease", "podinfo", `
interval: 10m
chart:
  spec: {chart: podinfo, sourceRef: {kind: `+kind+`, name: `+source+`}`+more+`}
`)
}

// releaseOf is a HelmRelease with a chartRef.
func (n *tenant) releaseOf(source string) *unstructured.Unstructured {
	n.Helper()
	return n.fromYAML("helm.toolkit.fluxcd.io/v2", "HelmRelease", "podinfo", `
interval: 10m
chartRef: {kind: OCIRepository, name: `+source+`}
`)
}

// rewritten is releaseOf with the record of Fluxgate's rewrite.
func (n *tenant) rewritten(source string) *unstructured.Unstructured {
	n.Helper()
	return annotated(n.releaseOf(source), "fluxgate.dev/chart-ref", `{"kind":"OCIRepository","name":"`+source+`"}`)
}

// chartSource is the OCIRepository that releases refer to.
func (n *tenant) chartSource() {
	n.Helper()
	n.push("v1")
	source := n.app(ref{tag: "v1"})
	source.SetName("podinfo-oci")
	n.must(n.apply(source))
}

func TestAReleaseWhoseChartIsInAnOCIRepositoryIsRewrittenAndStaysRewritten(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.chartSource()

	n.expectAction(created, n.reconcile(n.release("OCIRepository", "podinfo-oci", "")))
	n.expectStored(n.rewritten("podinfo-oci"))
	n.expectWarnings(rewriteNote, rewriteNote) // the dry-run and the apply; the next dry-run comes to what is stored

	n.expectAction(unchanged, n.reconcile(n.release("OCIRepository", "podinfo-oci", "")))
	n.expectNoOp(n.release("OCIRepository", "podinfo-oci", ""))
	n.expectStored(n.rewritten("podinfo-oci"))
}

func TestARewrittenReleaseFollowsItsChartToAnotherSource(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "lax")

	n.reconcile(n.release("OCIRepository", "podinfo-oci", ""))
	n.expectAction(configured, n.reconcile(n.release("OCIRepository", "another", "")))
	n.expectStored(n.rewritten("another"))

	charts := n.release("HelmRepository", "podinfo-charts", ", version: 6.x, interval: 1h, reconcileStrategy: ChartVersion")
	n.expectAction(configured, n.reconcile(charts))
	n.expectStored(charts)
	n.expectNoOp(charts)

	n.expectAction(configured, n.reconcile(n.release("OCIRepository", "podinfo-oci", "")))
	n.expectStored(n.rewritten("podinfo-oci"))
}

func TestAChartRefThatGitWritesIsGits(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "lax")

	n.reconcile(n.release("OCIRepository", "podinfo-oci", ""))
	n.expectAction(configured, n.reconcile(n.releaseOf("another")))
	n.expectStored(n.releaseOf("another"))

	n.reconcile(n.release("OCIRepository", "podinfo-oci", ""))
	n.expectStored(n.rewritten("podinfo-oci"))
	labelled := changed(n.releaseOf("podinfo-oci"), "blue", "metadata", "labels", "team")
	n.expectAction(configured, n.reconcile(labelled)) // the same chartRef as ours, now applied
	n.expectStored(labelled)
	n.expectNoOp(labelled)
}

func TestARewrittenReleaseByKubectl(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "lax")

	n.kubectlApply(n.release("OCIRepository", "podinfo-oci", ""))
	n.kubectlApply(n.release("OCIRepository", "podinfo-oci", ""))
	n.expectStored(n.rewritten("podinfo-oci"))
	n.kubectlApply(n.release("OCIRepository", "another", ""))
	n.expectStored(n.rewritten("another"))
	if _, err := n.kubectl(n.release("OCIRepository", "podinfo-oci", ""), "replace", "--filename", "-"); err != nil {
		t.Fatal(err)
	}
	n.expectStored(n.rewritten("podinfo-oci"))
}

func TestARewriteThatWouldLoseTheVersionIsDeniedWithTheFix(t *testing.T) {
	t.Parallel()
	n := production(t)

	_, err := n.dryRun(n.release("OCIRepository", "podinfo-oci", ", version: 6.x"))
	n.expectRefused(invalid("mutate.fluxgate.dev", `spec.chart.spec.version: version "6.x" would be lost in spec.chartRef, which a `+
		`sourceRef of kind OCIRepository needs; replace spec.chart by spec.chartRef: {kind: OCIRepository, name: podinfo-oci} and `+
		`move version "6.x" to spec.ref.semver of OCIRepository `+n.namespace+`/podinfo-oci`), err)
}
