package controlplane

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const policyAPI = "fluxgate.dev/v1alpha1"

// sourcePolicy is of no namespace; exception is one of it.
func sourcePolicy(name string) *unstructured.Unstructured {
	return object(policyAPI, "SourcePolicy", "", name, map[string]any{"rules": []any{map[string]any{"rule": "canonical-url"}}})
}

func exception(namespace, name string) *unstructured.Unstructured {
	return object(policyAPI, "PolicyException", namespace, name, map[string]any{
		"policy": "p", "rules": []any{"require-verify"}, "names": []any{"app"}, "reason": "for a test", "until": "2027-01-31T17:00:00Z",
	})
}

// mergePatch is what `kubectl patch --type=merge` sends.
func mergePatch(text string) client.Patch {
	return client.RawPatch("application/merge-patch+json", []byte(text))
}

// policiesAreChecked shows which requests reach policies.fluxgate.dev, in this order.
func policiesAreChecked(t *testing.T, admin client.Client, record *recorder) {
	t.Helper()
	policy, tenants, own := sourcePolicy("checked"), exception("tenant", "checked"), exception("fluxgate-system", "checked")
	reason := func(text string) string {
		return `{"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "` + text +
			`", "message": "", "lastTransitionTime": "2026-11-24T00:00:00Z"}]}}`
	}
	create := func(o client.Object) error { return admin.Create(t.Context(), o) }
	patch := func(text string) func(client.Object) error {
		return func(o client.Object) error { return admin.Patch(t.Context(), o, mergePatch(text)) }
	}
	patchStatus := func(text string) func(client.Object) error {
		return func(o client.Object) error { return admin.Status().Patch(t.Context(), o, mergePatch(text)) }
	}
	for _, test := range []struct {
		sentence string
		object   client.Object
		do       func(client.Object) error
		want     []string
	}{
		{"a new policy", policy, create, []string{"policies CREATE v1alpha1/sourcepolicies /checked"}},
		{"a changed one", policy, patch(`{"spec": {"action": "Warn"}}`), []string{"policies UPDATE v1alpha1/sourcepolicies /checked"}},
		{"one that is applied again", policy, patch(`{"spec": {"action": "Warn"}}`), nil},
		{"one that is labelled", policy, patch(`{"metadata": {"labels": {"a": "b"}}}`), nil},
		{"what Fluxgate says of it", policy, patchStatus(reason("InForce")), nil},
		{"a new exception", tenants, create, []string{"policies CREATE v1alpha1/policyexceptions tenant/checked"}},
		{"a longer one", tenants, patch(`{"spec": {"until": "2028-01-31T17:00:00Z"}}`),
			[]string{"policies UPDATE v1alpha1/policyexceptions tenant/checked"}},
		{"what its writer says of it", tenants, patchStatus(reason("Counts")), nil},
		{"one of Fluxgate's own namespace", own, create, []string{"policies CREATE v1alpha1/policyexceptions fluxgate-system/checked"}},
	} {
		var err error
		got := record.during(func() { err = test.do(test.object) })
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, calls (-want +got):\n%s", test.sentence, err, diff)
		}
		if err := UntilCached(t.Context(), admin, test.object); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	got := record.during(func() { err = admin.Delete(t.Context(), policy) })
	if err != nil || got != nil {
		t.Errorf("one that is deleted: error %v, calls %q", err, got)
	}
}

// namespacesAreGuarded shows which requests reach namespaces.fluxgate.dev, in this order.
func namespacesAreGuarded(t *testing.T, admin client.Client, record *recorder) {
	t.Helper()
	called := []string{"namespaces UPDATE v1/namespaces guarded/guarded"}
	for _, test := range []struct {
		sentence, namespace, patch string
		want                       []string
	}{
		{"a label more", "guarded", `{"metadata": {"labels": {"environment": "production"}}}`, called},
		{"another value", "guarded", `{"metadata": {"labels": {"environment": "test"}}}`, called},
		{"the same again", "guarded", `{"metadata": {"labels": {"environment": "test"}}}`, nil},
		{"an annotation", "guarded", `{"metadata": {"annotations": {"a": "b"}}}`, nil},
		{"a finalizer", "guarded", `{"metadata": {"finalizers": ["example.com/mine"]}}`, nil},
		{"a label less", "guarded", `{"metadata": {"labels": {"environment": null}}}`, called},
		{"none at all", "guarded", `{"metadata": {"labels": null}}`, nil}, // the API server writes that of the name again
		{"another name, with another label", "guarded",
			`{"metadata": {"labels": {"kubernetes.io/metadata.name": "kube-system", "environment": "production"}}}`, called},
		{"all labels less", "guarded", `{"metadata": {"labels": null}}`, called},
		{"a system namespace", "kube-system", `{"metadata": {"labels": {"a": "b"}}}`, nil},
		{"Fluxgate's own", "fluxgate-system", `{"metadata": {"labels": {"a": "b"}}}`, nil},
		{"that of Flux, as each of its versions does", "flux-system", `{"metadata": {"labels": {"app.kubernetes.io/version": "v2.8.0"}}}`, nil},
	} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: test.namespace}}
		var err error
		got := record.during(func() { err = admin.Patch(t.Context(), namespace, mergePatch(test.patch)) })
		if err := UntilCached(t.Context(), admin, namespace); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, calls (-want +got):\n%s", test.sentence, err, diff)
		}
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fleeting", Labels: map[string]string{"environment": "production"}}}
	var err error
	got := record.during(func() {
		if err = admin.Create(t.Context(), namespace); err == nil {
			err = admin.Delete(t.Context(), namespace)
		}
	})
	if err != nil || got != nil {
		t.Errorf("creating and deleting: error %v, calls %q", err, got)
	}
}
