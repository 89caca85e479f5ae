package cluster_test

import (
	"runtime"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/cluster"
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
