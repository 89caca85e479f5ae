package references_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	notAllowed = "[production/registry-allowlist] spec.url"
	byChartRef = "chartRef: {kind: OCIRepository, name: app, namespace: LAX}"
)

func TestASourceIsJudgedWhenItIsCreatedAfterTheReleaseThatRefersToIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.source(bad))) // nobody of production refers to it
	p.delete(p.source(bad))

	p.must(p.apply(p.object("HelmRelease", p.prod, "app", byChartRef)))
	want := []string{"[production/missing-source] spec.chartRef: OCIRepository " + p.lax + "/app does not exist yet, so nothing of it " +
		"could be judged; apply it first; at the latest it is judged when it is created, for this object's namespaces too"}
	if diff := cmp.Diff(want, p.warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	p.soon("a bad source is refused", p.source(bad), notAllowed)
	p.refused(p.apply(p.source(bad)), notAllowed)
	p.must(p.apply(p.source(good)))
	why := "metadata.namespace: judged for namespace " + p.prod + " too, whose objects refer to it"
	want = []string{why, why} // the denial, and the creation
	if diff := cmp.Diff(want, p.warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	p.refused(p.apply(p.source(bad)), notAllowed) // changed to something bad later

	p.delete(p.source(good))
	p.refused(p.apply(p.source(bad)), notAllowed) // deleted, and created anew
}

func TestASourceIsJudgedForTheTargetNamespaceOfARelease(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.source(good)))
	p.must(p.apply(p.object("HelmRelease", p.lax, "app", "targetNamespace: PROD\n  "+byChartRef)))
	p.soon("a bad source is refused", p.source(bad), notAllowed)
	p.must(p.apply(p.object("HelmRelease", p.lax, "app", "targetNamespace: LAX\n  "+byChartRef)))
	p.soon("the release moves out of production", p.source(bad))
}

func TestASourceIsJudgedForAKustomization(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.object("Kustomization", p.prod, "app", "prune: true\n  suspend: true\n  sourceRef: {kind: OCIRepository, name: app, namespace: LAX}")))
	p.soon("a bad source is refused, although the Kustomization is suspended", p.source(bad), notAllowed)
}

func TestASourceIsFreeAgainWhenNothingRefersToIt(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.source(good)))
	release := p.object("HelmRelease", p.prod, "app", byChartRef)
	release.SetFinalizers([]string{"finalizers.fluxcd.io"})
	p.must(p.apply(release))
	p.soon("a bad source is refused", p.source(bad), notAllowed)

	p.delete(release)
	p.refused(p.apply(p.source(bad)), notAllowed) // its finalizer keeps it, and Flux may still read the source
	release.SetFinalizers(nil)
	p.must(p.apply(release))
	p.soon("the release is gone", p.source(bad))
	p.must(p.apply(p.source(bad)))
}

func TestASourceIsFreeAgainWhenTheReleaseRefersToAnother(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.object("HelmRelease", p.prod, "app", byChartRef)))
	p.soon("a bad source is refused", p.source(bad), notAllowed)
	p.must(p.apply(p.object("HelmRelease", p.prod, "app", "chartRef: {kind: OCIRepository, name: other, namespace: LAX}")))
	p.soon("the release refers to another source", p.source(bad))
	other := p.source(bad)
	other.SetName("other")
	p.refused(p.apply(other), notAllowed)
}
