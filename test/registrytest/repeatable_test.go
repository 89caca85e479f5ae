package registrytest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

func TestRepeatableRegistriesHoldTheSame(t *testing.T) {
	fill := func(repeatable bool) []string {
		r := registrytest.Start(t, "ghcr.io")
		if repeatable {
			r.Repeatable()
		}
		chart, err := r.PushChart("ghcr.io/acme/charts/app", "app", "1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		return []string{r.MustPush(t, "ghcr.io/acme/app", "v1"), r.MustPush(t, "ghcr.io/acme/app", "v2"), chart}
	}
	first := fill(true)
	if diff := cmp.Diff(first, fill(true)); diff != "" {
		t.Errorf("two of them differ (-one +another):\n%s", diff)
	}
	if first[0] == first[1] {
		t.Error("two artifacts of one are the same")
	}
	if random := fill(false); random[0] == fill(false)[0] {
		t.Error("registries that are not repeatable hold the same")
	}
}
