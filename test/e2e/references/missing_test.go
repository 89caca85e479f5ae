package references_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestKubectlShowsAMissingSource(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	release := p.object("HelmRelease", p.prod, "app", byChartRef)
	text, err := yaml.Marshal(release.Object)
	p.must(err)
	_, stderr, err := world.Kubectl(t.Context(), string(text), "apply", "--server-side", "--filename", "-")
	p.must(err)
	if want := "Warning: [production/missing-source] spec.chartRef: OCIRepository " + p.lax + "/app does not exist yet"; !strings.Contains(stderr, want) {
		t.Errorf("kubectl does not say %q:\n%s", want, stderr)
	}
}

func TestAPolicyMayDemandThatTheSourceIsThereFirst(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ordered := p.namespace("ordered")
	release := p.object("HelmRelease", ordered, "app", byChartRef)
	p.refused(p.apply(release), "[ordered/missing-source] spec.chartRef")
	p.must(p.apply(p.source(bad))) // nobody refers to it yet, and ordered has no allow-list
	p.must(p.apply(release))

	p.delete(p.source(bad))
	p.must(p.apply(p.object("HelmRelease", ordered, "app", "suspend: false\n  releaseName: renamed\n  "+byChartRef))) // what was there is not frozen
	p.refused(p.apply(p.object("HelmRelease", ordered, "app", "chartRef: {kind: OCIRepository, name: other, namespace: LAX}")),
		"[ordered/missing-source] spec.chartRef")
}
