package registries_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
)

// leave creates an OCIRepository that Fluxgate does not judge, for Flux, and returns its name. wait waits for what Flux makes of
// it: the artifact that it pulled, or the reason why it did not.
func (n tenant) leave(t *testing.T, url string, more spec) (name string, wait func() string) {
	t.Helper()
	obj := n.source(url, more)
	fluxcontrollers.Mark(obj)
	if err := n.client.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
	return obj.GetName(), func() string {
		t.Helper()
		outcome, err := w.flux.Outcome(t.Context(), n.client, client.ObjectKeyFromObject(obj))
		if err != nil {
			t.Fatal(err)
		}
		if outcome.Digest == "" {
			t.Logf("%s: Flux: %s: %s", url, outcome.Reason, outcome.Message)
			return "fails, " + outcome.Reason
		}
		artifact, known := w.artifacts[outcome.Digest]
		if !known {
			t.Fatalf("Flux pulled %s of %s, which was never pushed", outcome.Digest, url)
		}
		return "pulls " + artifact
	}
}

// alike fails unless Fluxgate pinned what Flux pulled, and where it pulled nothing, nothing.
func alike(t *testing.T, sentence, fluxgate, flux string) {
	t.Helper()
	pinned, isPinned := strings.CutPrefix(fluxgate, "pinned to ")
	pulled, isPulled := strings.CutPrefix(flux, "pulls ")
	if isPinned != isPulled || isPinned && pinned != pulled {
		t.Errorf("%s: Fluxgate says %q, and Flux %q", sentence, fluxgate, flux)
	}
}
