package registry

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
)

const (
	manyReferences = 100_000
	// mostOfAnAnswer and mostOfAFailure are the bounds that docs/performance.md states, in bytes for each.
	mostOfAnAnswer, mostOfAFailure = 640, 2048
)

// The references are as long as they can be: a tenant writes them, and may own the registry that fails.
func TestTheCacheOf100000ReferencesStaysUnderItsBound(t *testing.T) {
	q := Query{Source: flux.Source{
		Repository: flux.Repository{Host: strings.Repeat("h", 63) + "." + strings.Repeat("h", 180) + ".example", Path: strings.Repeat("p", 255)},
		Ref:        flux.Ref{Semver: strings.Repeat("\x01", 4096)}, Path: "spec",
	}}
	p := &plan{source: q.Source}
	cases := map[string]struct {
		entry func(i int) answer
		most  uint64
	}{
		"answers": {func(i int) answer {
			return answer{resolution: Resolution{
				Tag: fmt.Sprintf("%0128d", i), Digest: fmt.Sprintf("sha256:%064x", i),
			}}
		}, mostOfAnAnswer},
		"failures": {func(i int) answer {
			return answer{failure: p.failure(errors.New(fmt.Sprint(i) + strings.Repeat("x", 1024)))}
		}, mostOfAFailure},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kept := newCache(CacheOptions{Size: manyReferences}.withDefaults(), time.Now)
			before := heap()
			for i := range 2 * manyReferences {
				var key cacheKey
				copy(key[:], fmt.Sprintf("%032d", i))
				kept.put(key, c.entry(i))
			}
			used := heap() - before
			t.Logf("%d %s of the largest size take %d MiB, %d bytes each", manyReferences, name, used>>20, used/manyReferences)
			if used/manyReferences > c.most {
				t.Errorf("got %d bytes each, want at most %d", used/manyReferences, c.most)
			}
			runtime.KeepAlive(kept)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
