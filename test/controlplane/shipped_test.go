package controlplane

import (
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/certs"
)

// TestWhatShipsWorksAtARealAPIServer installs deploy/base with the address of a webhook that records what it is asked and
// allows it, served with the certificate that Fluxgate's own ServiceAccount made and published.
func TestWhatShipsWorksAtARealAPIServer(t *testing.T) {
	c := ForTest(t, Options{Flux: Derived, Audit: true})
	admin := clientOf(t, c.Config)
	for _, name := range []string{"tenant", "flux-system", "guarded"} {
		createNamespace(t, admin, name)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "https://" + listener.Addr().String()
	if err := c.Install(t.Context(), "../../deploy/base", address); err != nil {
		t.Fatal(err)
	}
	keeper := keeperOf(t, c)
	record := &recorder{}
	record.serve(t, listener, keeper)
	untilCalled(t, admin, record)

	t.Run("the roles permit what Fluxgate does, and no more", func(t *testing.T) { rolesAreLeast(t, c) })
	t.Run("the webhooks are called for what they should judge", func(t *testing.T) { scopeIsRight(t, admin, record) })
	t.Run("policies and exceptions are checked when they are written", func(t *testing.T) { policiesAreChecked(t, admin, record) })
	t.Run("changed labels of a Namespace are guarded", func(t *testing.T) { namespacesAreGuarded(t, admin, record) })
	t.Run("audit annotations can be read", func(t *testing.T) { annotationsAreAudited(t, c, admin) })
	t.Run("the 1.7 form of a HelmRelease is stored whole", func(t *testing.T) { inlineFormIsStored(t, admin) })
	t.Run("no call fails while the CA changes", func(t *testing.T) { rotationIsSeamless(t, admin, keeper) })
	t.Run("a bundle survives another apply", func(t *testing.T) { bundleSurvives(t, c, admin, address) })
	t.Run("a bundle that was reset is put back", func(t *testing.T) { resetIsMended(t, admin, keeper) })
}

// keeperOf keeps the certificate as Fluxgate does: as its ServiceAccount, with what deploy/base grants it.
func keeperOf(t *testing.T, c *ControlPlane) *certs.Certs {
	t.Helper()
	config, err := c.ServiceAccount(t.Context(), "fluxgate-system", "fluxgate")
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := certs.New(certs.Options{
		Client: clientOf(t, config), Namespace: "fluxgate-system", Secret: "fluxgate-tls",
		Names:          append(certs.ServiceNames("fluxgate", "fluxgate-system"), "127.0.0.1"),
		Configurations: []string{"fluxgate"},
		Settle:         2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first round", func() error { return keeper.Ensure(t.Context()) }) // the authorizer learns of roles a moment later
	return keeper
}

// untilCalled waits until the API server knows the webhooks and trusts them.
func untilCalled(t *testing.T, admin client.Client, record *recorder) {
	t.Helper()
	want := []string{"mutate CREATE v1/ocirepositories tenant/probe", "validate CREATE v1/ocirepositories tenant/probe"}
	eventually(t, "the webhooks to be called", func() error {
		var err error
		got := record.during(func() { err = admin.Create(t.Context(), repository("tenant", "probe"), client.DryRunAll) })
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			return errNotYet
		}
		return err
	})
}

func repository(namespace, name string) *unstructured.Unstructured {
	return object("source.toolkit.fluxcd.io/v1", "OCIRepository", namespace, name, map[string]any{
		"url": "oci://registry.example/acme/app", "interval": "1m", "ref": map[string]any{"tag": "v1"},
	})
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": maps.Clone(spec)}}
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

func annotationsAreAudited(t *testing.T, c *ControlPlane, admin client.Client) {
	t.Helper()
	if err := admin.Create(t.Context(), repository("tenant", "audited")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"mutate.fluxgate.dev/decision": "allow", "validate.fluxgate.dev/decision": "allow"}
	eventually(t, "the audit event", func() error {
		events, err := c.AuditEvents()
		if err != nil {
			return err
		}
		for _, event := range events {
			if event.ObjectRef.Name != "audited" || event.Verb != "create" {
				continue
			}
			ours := maps.Clone(event.Annotations)
			maps.DeleteFunc(ours, func(key, _ string) bool {
				return !strings.HasPrefix(key, "mutate.fluxgate.dev/") && !strings.HasPrefix(key, "validate.fluxgate.dev/")
			})
			if diff := cmp.Diff(want, ours); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			return nil
		}
		return errNotYet
	})
}

func inlineFormIsStored(t *testing.T, admin client.Client) {
	t.Helper()
	chart := func(kind string) map[string]any {
		return map[string]any{"kind": kind, "spec": map[string]any{
			"url": "oci://registry.example/acme/chart", "ref": map[string]any{"semver": "1.x"},
		}}
	}
	inline := object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "tenant", "inline", map[string]any{
		"interval": "1m", "chart": chart("OCIRepository"),
	})
	if err := admin.Create(t.Context(), inline); err != nil {
		t.Fatal(err)
	}
	got, _, _ := unstructured.NestedMap(inline.Object, "spec", "chart")
	if diff := cmp.Diff(chart("OCIRepository"), got); diff != "" {
		t.Errorf("spec.chart (-want +got):\n%s", diff)
	}
	wrong := object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "tenant", "wrong", map[string]any{
		"interval": "1m", "chart": chart("HelmChart"),
	})
	if err := admin.Create(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "chart.spec.url requires chart.kind") {
		t.Errorf("want the rule of 1.7 to refuse it, got %v", err)
	}
}

func rotationIsSeamless(t *testing.T, admin client.Client, keeper *certs.Certs) {
	t.Helper()
	before := keeper.Expiry()
	old, err := keeper.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "fluxgate-system", Name: "fluxgate-tls"}}
	if err := admin.Delete(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	rotated := make(chan struct{})
	go func() {
		defer close(rotated)
		for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if err := keeper.Ensure(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for calls := 0; ; calls++ {
		if err := admin.Create(t.Context(), repository("tenant", "rotating"), client.DryRunAll); err != nil {
			t.Errorf("call %d: %v", calls, err)
		}
		select {
		case <-rotated:
		default:
			continue
		}
		break
	}
	now, err := keeper.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if now.Leaf.Equal(old.Leaf) || keeper.Expiry().Before(before) {
		t.Error("the certificate was never changed")
	}
}

func resetIsMended(t *testing.T, admin client.Client, keeper *certs.Certs) {
	t.Helper()
	before := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, before); err != nil {
		t.Fatal(err)
	}
	reset := before.DeepCopy()
	reset.Webhooks[0].ClientConfig.CABundle = nil
	if err := admin.Update(t.Context(), reset); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, after); err != nil {
		t.Fatal(err)
	}
	// The CA of the Secret that was deleted is forgotten with the reset: nobody serves under it any more.
	after.Webhooks[0].ClientConfig.CABundle, before.Webhooks[0].ClientConfig.CABundle = nil, nil
	if diff := cmp.Diff(before.Webhooks, after.Webhooks); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
	eventually(t, "a call to succeed", func() error {
		return admin.Create(t.Context(), repository("tenant", "mended"), client.DryRunAll)
	})
}

// bundleSurvives applies the manifests again, as a GitOps tool does every few minutes.
func bundleSurvives(t *testing.T, c *ControlPlane, admin client.Client, address string) {
	t.Helper()
	bundle := func() []byte {
		live := &admissionregistrationv1.MutatingWebhookConfiguration{}
		if err := admin.Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, live); err != nil {
			t.Fatal(err)
		}
		return live.Webhooks[0].ClientConfig.CABundle
	}
	before := bundle()
	if err := c.Install(t.Context(), "../../deploy/base", address); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, bundle()); diff != "" || len(before) == 0 {
		t.Errorf("bundle (-want +got):\n%s", diff)
	}
}
