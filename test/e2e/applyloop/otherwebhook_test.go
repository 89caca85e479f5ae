package applyloop_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func TestAMutatingWebhookThatChangesTheURLAfterOurs(t *testing.T) {
	t.Parallel()
	n := production(t)
	n.push("v1")
	mirror := "oci://" + n.repository + "/mirror"
	mirrored := n.pushTo(n.repository+"/mirror", "v1")
	n.mirrorBy(mirror)
	want := n.app(ref{tag: "v1", url: mirror})

	n.expectAction(created, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectStored(pinned(want, mirrored))

	n.move(n.repository+"/mirror", "v1")
	n.expectAction(unchanged, n.reconcile(n.app(ref{tag: "v1"})))
	n.expectNoOp(n.app(ref{tag: "v1"}))
	n.expectStored(pinned(want, mirrored))
}

// mirrorBy installs a mutating webhook for the tenant's namespace that sets spec.url of every app, and is called after ours:
// the API server calls them by the names of their configurations.
func (n *tenant) mirrorBy(url string) {
	n.Helper()
	handler, err := admission.StandaloneWebhook(&admission.Webhook{Handler: admission.HandlerFunc(
		func(_ context.Context, request admission.Request) admission.Response {
			app := &unstructured.Unstructured{}
			if err := app.UnmarshalJSON(request.Object.Raw); err != nil {
				return admission.Errored(http.StatusBadRequest, err)
			}
			mirrored, err := changed(app, url, "spec", "url").MarshalJSON()
			if err != nil {
				return admission.Errored(http.StatusInternalServerError, err)
			}
			return admission.PatchResponseFromRaw(request.Object.Raw, mirrored)
		},
	)}, admission.StandaloneOptions{})
	if err != nil {
		n.Fatal(err)
	}
	server := httptest.NewTLSServer(handler)
	n.Cleanup(server.Close)

	sideEffects := admissionregistrationv1.SideEffectClassNone
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "zz-" + n.namespace},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name:                    "mirror.example.com",
			AdmissionReviewVersions: []string{"v1"},
			SideEffects:             &sideEffects,
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL:      &server.URL,
				CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": n.namespace}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{"CREATE", "UPDATE"},
				Rule: admissionregistrationv1.Rule{
					APIGroups: []string{"source.toolkit.fluxcd.io"}, APIVersions: []string{"v1"}, Resources: []string{"ocirepositories"},
				},
			}},
		}},
	}
	if err := n.client.Create(n.Context(), configuration); err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() { _ = n.client.Delete(context.Background(), configuration) }) // the stack ends soon anyway
	n.eventually("the webhook is called", func() bool {
		probed, err := n.dryRun(n.app(ref{tag: "v1"}))
		found, _, _ := unstructured.NestedString(probed.Object, "spec", "url")
		return err == nil && strings.HasSuffix(found, url)
	})
}
