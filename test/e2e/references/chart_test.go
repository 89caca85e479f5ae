package references_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// notAllowedThere is the refusal of a HelmChart whose HelmRepository is not allowed.
const notAllowedThere = "[production/registry-allowlist] spec"

// charts is a HelmRepository of the lax namespace.
func (p *place) charts(name, url string) *unstructured.Unstructured {
	p.Helper()
	return p.object("HelmRepository", p.lax, name, "type: oci\n  url: oci://"+url)
}

// chart is a HelmChart of the lax namespace.
func (p *place) chart(name, repository string) *unstructured.Unstructured {
	p.Helper()
	return p.object("HelmChart", p.lax, name, "chart: app\n  version: 1.x\n  sourceRef: {kind: HelmRepository, name: "+repository+"}")
}

func TestAHelmChartByHandIsNoWayRound(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.charts("charts", "ghcr.io/acme")))
	p.must(p.apply(p.charts("evil", "evil.example.com/acme"))) // nobody of production pulls from it
	p.must(p.apply(p.object("HelmRelease", p.prod, "app", "chartRef: {kind: HelmChart, name: app, namespace: LAX}")))
	p.soon("a HelmChart of a bad repository is refused", p.chart("app", "evil"), notAllowedThere)

	p.must(p.apply(p.chart("app", "charts")))
	p.soon("the repository that the release leads to through its HelmChart", p.charts("charts", "evil.example.com/acme"), notAllowed)
	p.refused(p.apply(p.chart("app", "evil")), notAllowedThere)
	p.must(p.apply(p.charts("evil", "evil.example.com/other"))) // still nobody's
}

func TestTheHelmChartThatHelmControllerMakesOfAReleaseIsNotForOthersToChange(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.must(p.apply(p.charts("charts", "ghcr.io/acme")))
	p.must(p.apply(p.charts("evil", "evil.example.com/acme")))
	p.must(p.apply(p.object("HelmRelease", p.prod, "app",
		"chart: {spec: {chart: app, version: 1.x, sourceRef: {kind: HelmRepository, name: charts, namespace: LAX}}}")))
	made := p.prod + "-app" // as helm-controller names it
	p.soon("the release's chart is taken from a bad repository", p.chart(made, "evil"), notAllowedThere)
	p.must(p.apply(p.chart(made, "charts")))
	p.must(p.apply(p.chart("another", "evil")))
}
