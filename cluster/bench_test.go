package cluster_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/flux"
)

// BenchmarkCachedSource reports what a source takes in the cache, in bytes of memory.
func BenchmarkCachedSource(b *testing.B) {
	const held = 5000
	for b.Loop() {
		before := heap()
		all := make([]*unstructured.Unstructured, held)
		for i := range all {
			all[i] = &unstructured.Unstructured{}
			if err := all[i].UnmarshalJSON([]byte(stored)); err != nil {
				b.Fatal(err)
			}
			if _, err := cluster.Slim(all[i]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/held, "B/object")
		runtime.KeepAlive(all)
	}
}

// BenchmarkReferrer reports what an object that refers to a source takes, in bytes of memory: in the cache, with its 64 KB of
// values left out, and in the index. Each has a source of its own, which is the worst that the index can be given.
func BenchmarkReferrer(b *testing.B) {
	for name, spec := range map[string]string{
		"HelmRelease with a chartRef": `{"interval":"10m","targetNamespace":"prod-live","chartRef":{"kind":"OCIRepository","name":"podinfo-%d"}`,
		"HelmRelease with a chart": `{"interval":"10m","chart":{"metadata":{"labels":{"a":"b"}},"spec":{"chart":"podinfo","version":"6.x","interval":"1h",` +
			`"sourceRef":{"kind":"HelmRepository","name":"podinfo-%d","namespace":"flux-system"}}}`,
	} {
		b.Run(name, func(b *testing.B) {
			const held = 5000
			values := `,"values":{"text":"` + strings.Repeat("x", 64<<10) + `"}}`
			for b.Loop() {
				before := heap()
				all := toolscache.NewStore(toolscache.MetaNamespaceKeyFunc)
				for n := range held {
					obj := referrer("helm.toolkit.fluxcd.io/v2", "HelmRelease", fmt.Sprintf("podinfo-%d", n), fmt.Sprintf(spec, n)+values)
					obj.SetResourceVersion("4242")
					slim, err := cluster.Slim(obj)
					if err != nil {
						b.Fatal(err)
					}
					if err := all.Add(slim); err != nil {
						b.Fatal(err)
					}
				}
				cached := heap()
				var index flux.Referrers
				for _, obj := range all.List() {
					u := obj.(*unstructured.Unstructured)
					index.Set(flux.KeyOf(u), u)
				}
				b.ReportMetric(float64(cached-before)/held, "B/cached")
				b.ReportMetric(float64(heap()-cached)/held, "B/indexed")
				runtime.KeepAlive(all)
				runtime.KeepAlive(&index)
			}
		})
	}
}

// BenchmarkReferring reports what a review's look-up takes, in a cluster of many objects.
func BenchmarkReferring(b *testing.B) {
	for _, namespaces := range []int{1, 100} {
		for _, objects := range []int{1000, 100_000} {
			b.Run(fmt.Sprintf("%d namespaces of %d objects", namespaces, objects), func(b *testing.B) {
				var index flux.Referrers
				for n := range objects {
					obj := releaseOf(fmt.Sprintf("app-%d", n), fmt.Sprintf("source-%d", n))
					if n < namespaces {
						obj = releaseOf(fmt.Sprintf("app-%d", n), "shared")
						obj.SetNamespace(fmt.Sprintf("team-%d", n))
					}
					index.Set(flux.KeyOf(obj), obj)
				}
				b.ReportAllocs()
				for b.Loop() {
					if got := index.Namespaces(appKey("shared")); len(got) != namespaces+1 {
						b.Fatal(got)
					}
				}
			})
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// stored is a pinned OCIRepository as the API server keeps it, a reconciled one with its status.
const stored = `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"app","namespace":"prod",
"annotations":{"fluxgate.dev/pin":"{}"},"creationTimestamp":"2026-01-01T00:00:00Z","generation":1,"resourceVersion":"4242","uid":"6d1a7b1e-0000-4000-8000-000000000001",
"managedFields":[{"manager":"kustomize-controller","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:interval":{},"f:url":{},"f:ref":{"f:tag":{}}}}}]},
"spec":{"interval":"10m","provider":"generic","timeout":"60s","url":"oci://ghcr.io/acme/app","ref":{"tag":"v1.0.0","digest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},"verify":{"provider":"cosign","secretRef":{"name":"cosign-keys"}}},
"status":{"artifact":{"digest":"sha256:0","path":"ocirepository/prod/app/x.tar.gz","revision":"sha256:0","size":1102,"url":"http://source-controller/x.tar.gz"},"observedGeneration":1}}`
