package controlplane

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestTheBaseAppliesInOneGo applies deploy/base by kubectl to a cluster that has only Flux's kinds. Then Fluxgate is away, as it
// is after every first apply: nobody runs the Deployment.
func TestTheBaseAppliesInOneGo(t *testing.T) {
	c := ForTest(t, Options{})
	apply := func() string {
		out, err := exec.CommandContext(t.Context(), c.Kubectl, "--kubeconfig", c.Kubeconfig, "apply", "-k", "../../deploy/base").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	created := regexp.MustCompile(`^[a-z.8]+/[a-z.-]+ created$`)
	for line := range strings.Lines(apply()) {
		if !created.MatchString(strings.TrimSpace(line)) {
			t.Errorf("kubectl prints %q", line)
		}
	}
	apply() // as a GitOps tool does every few minutes
	shipped, err := Manifests("../../deploy/base")
	if err == nil {
		err = waitForKinds(c.Config, shipped)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Run("while Fluxgate is away", func(t *testing.T) { awayOnlyWhatMattersWaits(t, clientOf(t, c.Config)) })
}

// awayOnlyWhatMattersWaits: what the webhooks are there for is refused, and whatever a cluster needs to come up passes.
func awayOnlyWhatMattersWaits(t *testing.T, admin client.Client) {
	t.Helper()
	for _, name := range []string{"tenant", "flux-system"} {
		createNamespace(t, admin, name)
	}
	label := func(name string) error {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		return admin.Patch(t.Context(), namespace, mergePatch(`{"metadata": {"labels": {"a": "b"}}}`))
	}
	eventually(t, "the webhooks to be known", func() error {
		if err := label("tenant"); err == nil {
			return errNotYet
		}
		return nil
	})
	annotated := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "tenant"}}
	for sentence, test := range map[string]struct {
		err    error
		refuse string // the webhook that could not be asked; empty where the request passes
	}{
		"a policy":                          {admin.Create(t.Context(), sourcePolicy("p")), "policies.fluxgate.dev"},
		"an exception":                      {admin.Create(t.Context(), exception("tenant", "e")), "policies.fluxgate.dev"},
		"a source":                          {admin.Create(t.Context(), repository("tenant", "app")), "validate.fluxgate.dev"},
		"a label of a tenant's Namespace":   {label("tenant"), "namespaces.fluxgate.dev"},
		"an annotation of it":               {admin.Patch(t.Context(), annotated, mergePatch(`{"metadata": {"annotations": {"a": "b"}}}`)), ""},
		"a label of Flux's own Namespace":   {label("flux-system"), ""},
		"a label of Fluxgate's":             {label("fluxgate-system"), ""},
		"the source that bootstrap applies": {admin.Create(t.Context(), repository("flux-system", "flux-system")), ""},
	} {
		var refuses string
		if test.err != nil {
			_, refuses, _ = strings.Cut(test.err.Error(), `failed calling webhook "`)
			refuses, _, _ = strings.Cut(refuses, `"`)
		}
		if refuses != test.refuse || (test.err != nil) != (test.refuse != "") {
			t.Errorf("%s: %v, want it to wait for %q", sentence, test.err, test.refuse)
		}
	}
}
