package gitops_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// TestFluxInstallsFluxgate applies what ships, but for the address of the webhooks, again and again: after the first time nothing of
// it changes, and the authority that Fluxgate wrote into its webhooks stays.
func TestFluxInstallsFluxgate(t *testing.T) {
	f := newFleet(t, "install")
	shipped, err := controlplane.Manifests("../../../deploy/base")
	f.must(err)
	var text strings.Builder
	for _, obj := range controlplane.AtAddress(shipped, world.Fluxgate.Address) {
		document, err := yaml.Marshal(obj.Object)
		f.must(err)
		text.WriteString("---\n" + string(document))
	}
	before := f.bundle()
	f.publish(map[string]string{"base.yaml": text.String()})
	f.follow()
	f.until("more applies", func() bool { return len(f.outputs()) > 5 })
	for i, output := range f.outputs()[1:] {
		changed := maps.Clone(output)
		maps.DeleteFunc(changed, func(_, done string) bool { return done == "unchanged" })
		if len(changed) > 0 || len(output) != len(shipped) {
			t.Errorf("apply %d: changed is %v of %d objects, want nothing of %d", i+2, changed, len(output), len(shipped))
		}
	}
	if diff := cmp.Diff(before, f.bundle()); diff != "" || len(before) == 0 {
		t.Errorf("the authority in the webhooks (-want +got):\n%s", diff)
	}
}

// bundle is the authority by which the API server trusts the mutating webhook.
func (f *fleet) bundle() []byte {
	f.Helper()
	live := &admissionregistrationv1.MutatingWebhookConfiguration{}
	f.must(f.client.Get(f.Context(), client.ObjectKey{Name: "fluxgate"}, live))
	return live.Webhooks[0].ClientConfig.CABundle
}
