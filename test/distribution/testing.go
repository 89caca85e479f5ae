package distribution

import (
	"context"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// MustStart is Start for tests: it fails the test instead of returning an error, and stops the registry at its end.
func MustStart(ctx context.Context, t registrytest.TB, o Options) *Registry {
	t.Helper()
	r, err := Start(ctx, o)
	if err != nil {
		t.Fatalf("start the registry: %v", err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Fatalf("stop the registry: %v", err)
		}
	})
	return r
}
