package flux

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// chartOfCharts is a HelmChart lax/app in the given HelmRepository.
func chartOfCharts(repository string) string {
	return `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: app, namespace: lax}, ` +
		`spec: {chart: app, sourceRef: {kind: HelmRepository, name: ` + repository + `}}}`
}

// TestReferrers: each line of steps puts an object in, or after "-" takes its key out.
func TestReferrers(t *testing.T) {
	const (
		byChartRef = "  chartRef: {kind: HelmChart, name: app, namespace: lax}"
		bySource   = "  chartRef: {kind: OCIRepository, name: app, namespace: lax}"
		elsewhere  = "  targetNamespace: live\n" + bySource
	)
	app, chart, charts := key("OCIRepository", "lax", "app"), key("HelmChart", "lax", "app"), key("HelmRepository", "lax", "charts")
	tests := map[string]struct {
		steps []string
		want  map[Key][]string
	}{
		"nobody": {},
		"a release is counted for its own namespace and its target": {
			steps: []string{release(elsewhere)}, want: map[Key][]string{app: {"live", "prod"}}},
		"an object that is put in twice is counted once": {
			steps: []string{release(elsewhere), release(elsewhere), release(bySource)}, want: map[Key][]string{app: {"prod"}}},
		"a release that goes leaves nothing": {steps: []string{release(elsewhere), "-HelmRelease"}},
		"a release whose chartRef changes refers to the new source only": {
			steps: []string{release(bySource), release(byChartRef)}, want: map[Key][]string{chart: {"prod"}}},
		"a release becomes unreadable": {steps: []string{release(bySource), release("  chartRef: 5")}},
		"a release leads through a HelmChart that was there before": {
			steps: []string{chartOfCharts("charts"), release(byChartRef)},
			want:  map[Key][]string{chart: {"prod"}, charts: {"lax", "prod"}}},
		"a release leads through a HelmChart that comes later": {
			steps: []string{release(byChartRef), chartOfCharts("charts")},
			want:  map[Key][]string{chart: {"prod"}, charts: {"lax", "prod"}}},
		"a HelmChart that changes takes its referrers along": {
			steps: []string{chartOfCharts("charts"), release(byChartRef), chartOfCharts("other")},
			want:  map[Key][]string{chart: {"prod"}, key("HelmRepository", "lax", "other"): {"lax", "prod"}}},
		"a HelmChart that goes and comes back": {
			steps: []string{chartOfCharts("charts"), release(byChartRef), "-HelmChart", chartOfCharts("charts")},
			want:  map[Key][]string{chart: {"prod"}, charts: {"lax", "prod"}}},
		"a HelmChart that goes leaves what refers to it": {
			steps: []string{chartOfCharts("charts"), release(byChartRef), "-HelmChart"}, want: map[Key][]string{chart: {"prod"}}},
		"the release goes, and then the HelmChart": {
			steps: []string{release(byChartRef), chartOfCharts("charts"), "-HelmRelease", "-HelmChart"}},
		"the HelmChart goes, and then the release": {
			steps: []string{release(byChartRef), chartOfCharts("charts"), "-HelmChart", "-HelmRelease"}},
		"a HelmChart that names itself": {
			steps: []string{`{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: app, namespace: lax}, ` +
				`spec: {chart: app, sourceRef: {kind: HelmChart, name: app}}}`, release(byChartRef)},
			want: map[Key][]string{chart: {"prod"}}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			var r Referrers
			referrers := map[string]Key{"-HelmRelease": {Group: HelmGroup, Kind: "HelmRelease"}, "-HelmChart": key("HelmChart", "lax", "app")}
			release := referrers["-HelmRelease"]
			release.Namespace, release.Name = "prod", "app"
			referrers["-HelmRelease"] = release
			for _, step := range test.steps {
				if gone, removed := referrers[step]; removed {
					r.Remove(gone)
					continue
				}
				obj := object(t, step)
				r.Set(KeyOf(obj), obj)
			}
			got := map[Key][]string{}
			for source := range r.counts {
				got[source] = r.Namespaces(source)
			}
			if test.want == nil {
				test.want = map[Key][]string{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("namespaces by source (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReferrersAreThoseOfTheObjectsThatAreThere compares the index, after many random changes, with what the objects say.
func TestReferrersAreThoseOfTheObjectsThatAreThere(t *testing.T) {
	var r Referrers
	there := map[Key]*unstructured.Unstructured{}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 5000 {
		obj := object(t, randomReferrer(random))
		if random.IntN(3) == 0 {
			r.Remove(KeyOf(obj))
			delete(there, KeyOf(obj))
		} else {
			r.Set(KeyOf(obj), obj)
			there[KeyOf(obj)] = obj
		}
		if n%50 > 0 {
			continue
		}
		got := map[Key][]string{}
		for source := range r.counts {
			got[source] = r.Namespaces(source)
		}
		if diff := cmp.Diff(referringTo(there), got); diff != "" {
			t.Fatalf("after %d changes (-want +got):\n%s", n+1, diff)
		}
	}
	for referrer := range there {
		r.Remove(referrer)
	}
	if len(r.held) > 0 || len(r.counts) > 0 {
		t.Errorf("nothing is there, and the index holds %v and %v", r.held, r.counts)
	}
}

// randomReferrer is a HelmRelease, Kustomization or HelmChart of a small world.
func randomReferrer(random *rand.Rand) string {
	name := func(of string) string { return fmt.Sprintf("%s%d", of, random.IntN(3)) }
	source := fmt.Sprintf("name: %s, namespace: %s", name("s"), name("n"))
	text := []string{
		HelmGroup + "/v2, kind: HelmRelease, spec: {targetNamespace: " + name("n") + ", chartRef: {kind: HelmChart, " + source + "}}",
		HelmGroup + "/v2, kind: HelmRelease, spec: {chartRef: {kind: OCIRepository, " + source + "}}",
		HelmGroup + "/v2, kind: HelmRelease, spec: {chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, " + source + "}}}}",
		SourceGroup + "/v1, kind: HelmChart, spec: {chart: a, sourceRef: {kind: HelmRepository, " + source + "}}",
		KustomizeGroup + "/v1, kind: Kustomization, spec: {targetNamespace: " + name("n") + ", sourceRef: {kind: OCIRepository, " + source + "}}",
	}[random.IntN(5)]
	return fmt.Sprintf("{metadata: {name: %s, namespace: %s}, apiVersion: %s}", name("s"), name("n"), text)
}

// referringTo walks from each object along its references.
func referringTo(there map[Key]*unstructured.Unstructured) map[Key][]string {
	found := map[Key]map[string]bool{}
	var walk func(from *unstructured.Unstructured, namespaces []string)
	walk = func(from *unstructured.Unstructured, namespaces []string) {
		for _, source := range References(from) {
			if found[source] == nil {
				found[source] = map[string]bool{}
			}
			for _, namespace := range namespaces {
				found[source][namespace] = true
			}
			if next := there[source]; next != nil {
				walk(next, namespaces)
			}
		}
	}
	for _, obj := range there {
		walk(obj, Namespaces(obj))
	}
	sorted := map[Key][]string{}
	for source, namespaces := range found {
		sorted[source] = slices.Sorted(maps.Keys(namespaces))
	}
	return sorted
}

func TestReferrersIsSafeForConcurrentUse(t *testing.T) {
	var r Referrers
	chart, app := object(t, chartOfCharts("charts")), object(t, release("  chartRef: {kind: HelmChart, name: app, namespace: lax}"))
	var all sync.WaitGroup
	for range 4 {
		for _, obj := range []*unstructured.Unstructured{chart, app} {
			all.Go(func() {
				for range 200 {
					r.Set(KeyOf(obj), obj)
					r.Namespaces(key("HelmRepository", "lax", "charts"))
					r.Remove(KeyOf(obj))
				}
			})
		}
	}
	all.Wait()
	if len(r.held) > 0 || len(r.counts) > 0 {
		t.Errorf("all is removed, and the index holds %v and %v", r.held, r.counts)
	}
}
