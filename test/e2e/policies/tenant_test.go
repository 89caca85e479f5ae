package policies_test

import (
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/test/controlplane"
)

// clusterAdminIn makes a user cluster-admin in namespaces, as `flux create tenant` does.
func clusterAdminIn(t *testing.T, user string, namespaces ...string) *rest.Config {
	t.Helper()
	config, err := world.User(user)
	must(t, err)
	// The role itself: no controller-manager aggregates one here, but cluster-admin is whole from the start.
	for _, ns := range namespaces {
		must(t, admin(t).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: user},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: user}},
		}))
		must(t, controlplane.UntilAllowed(t.Context(), admin(t), user, authorizationv1.ResourceAttributes{Namespace: ns, Verb: "create", Resource: "configmaps"}))
	}
	return config
}

// grant lets a user do something with SourcePolicies, cluster-wide.
func grant(t *testing.T, user string, rule rbacv1.PolicyRule) {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{rule}}
	must(t, admin(t).Create(t.Context(), role))
	must(t, admin(t).Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: user}},
	}))
	what := authorizationv1.ResourceAttributes{Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: rule.Resources[0]}
	if len(rule.ResourceNames) > 0 {
		what.Name = rule.ResourceNames[0]
	}
	must(t, controlplane.UntilAllowed(t.Context(), admin(t), user, what))
}

// labelled reads a Namespace and changes its labels.
func labelled(t *testing.T, c client.Client, name string, change func(map[string]string)) error {
	t.Helper()
	ns := &corev1.Namespace{}
	must(t, admin(t).Get(t.Context(), client.ObjectKey{Name: name}, ns))
	before := ns.DeepCopy()
	change(ns.Labels)
	return c.Patch(t.Context(), ns, client.MergeFrom(before))
}

// TestATenantFindsNoWayOut: he is cluster-admin in a production namespace and in a lax one, and tries everything.
func TestATenantFindsNoWayOut(t *testing.T) {
	namespace(t, "strict", "environment", "strict")
	namespace(t, "lax")
	create(t, policyOf(t, "strict", `
match: {namespaceSelector: {matchLabels: {environment: strict}}}
missingSources: Warn
rules: [{rule: forbid-insecure}, {rule: require-verify}]
exceptions: {rules: [require-verify], maxDuration: 1h}
`))
	tenant := clientOf(t, clusterAdminIn(t, "mallory", "strict", "lax"), nil)
	try := func(obj client.Object) string { return refusal(t, tenant.Create(t.Context(), obj)) }
	denied := func(t *testing.T, got string) {
		t.Helper()
		if !strings.Contains(got, "[strict/forbid-insecure]") {
			t.Errorf("got %q, want a denial by strict/forbid-insecure", got)
		}
	}

	t.Run("plainly", func(t *testing.T) { denied(t, try(repository("strict", "plain", insecure))) })
	t.Run("by an exception that the policy does not accept", func(t *testing.T) {
		e := exceptionOf("strict", "strict", time.Now().Add(time.Minute), "forbid-insecure")
		if got := refusal(t, tenant.Create(t.Context(), e)); !strings.Contains(got, "accepts no exception from the rule forbid-insecure") {
			t.Errorf("the exception: %q", got)
		}
	})
	t.Run("by an exception in another namespace", func(t *testing.T) {
		e := exceptionOf("strict", "lax", time.Now().Add(time.Minute), "require-verify")
		e.Spec.Names = []string{"*", "strict/*"}
		must(t, tenant.Create(t.Context(), e))
		condition(t, e, "True")
		if got := try(repository("strict", "podinfo", nil)); !strings.Contains(got, "[strict/require-verify]") {
			t.Errorf("got %q, want a denial by require-verify", got)
		}
	})
	t.Run("by writing that his exception counts", func(t *testing.T) {
		e := exceptionOf("strict", "strict", time.Now().Add(time.Minute), "require-verify")
		e.Name, e.Spec.Names = "forged", []string{"nobody"}
		must(t, tenant.Create(t.Context(), e))
		condition(t, e, "True")
		if got := try(repository("strict", "podinfo", nil)); !strings.Contains(got, "[strict/require-verify]") {
			t.Errorf("got %q, want a denial by require-verify", got)
		}
	})
	t.Run("by his namespace's labels", func(t *testing.T) {
		for what, change := range map[string]func(map[string]string){
			"removed": func(l map[string]string) { delete(l, "environment") },
			"changed": func(l map[string]string) { l["environment"] = "dev" },
		} {
			got := refusal(t, labelled(t, tenant, "strict", change))
			if !strings.Contains(got, "[strict/namespace-guard] metadata.labels:") {
				t.Errorf("label %s: got %q, want a denial by the guard", what, got)
			}
		}
		for _, subresource := range []string{"status", "finalize"} { // which change metadata too
			ns := &corev1.Namespace{}
			must(t, admin(t).Get(t.Context(), client.ObjectKey{Name: "strict"}, ns))
			delete(ns.Labels, "environment")
			got := refusal(t, tenant.SubResource(subresource).Update(t.Context(), ns))
			if !strings.Contains(got, "[strict/namespace-guard] metadata.labels:") {
				t.Errorf("by way of /%s: got %q, want a denial by the guard", subresource, got)
			}
		}
		if err := labelled(t, tenant, "strict", func(l map[string]string) { l["team"] = "mallory" }); err != nil {
			t.Errorf("a label that no policy reads: %v", err)
		}
		denied(t, try(repository("strict", "after-labels", insecure)))
	})
	t.Run("by a lax namespace's source", func(t *testing.T) {
		if got := try(repository("lax", "bad", insecure)); got != "" {
			t.Fatalf("nobody refers to it yet: %s", got)
		}
		denied(t, try(release("strict", "leaning", map[string]any{"chartRef": inLax("OCIRepository", "bad")})))
	})
	t.Run("by a lax namespace's source that is bad later", func(t *testing.T) {
		source := repository("lax", "turncoat", verified)
		must(t, tenant.Create(t.Context(), source))
		within(t, "the source is known", func() bool {
			return refusal(t, tenant.Create(t.Context(), release("strict", "trusting", map[string]any{
				"chartRef": inLax("OCIRepository", "turncoat"),
			}))) == ""
		})
		within(t, "the reference is known", func() bool {
			changed := &unstructured.Unstructured{}
			changed.SetGroupVersionKind(source.GroupVersionKind())
			must(t, tenant.Get(t.Context(), client.ObjectKeyFromObject(source), changed))
			must(t, unstructured.SetNestedField(changed.Object, true, "spec", "insecure"))
			return strings.Contains(refusal(t, tenant.Update(t.Context(), changed, client.DryRunAll)), "[strict/forbid-insecure]")
		})
	})
	t.Run("by a targetNamespace", func(t *testing.T) {
		denied(t, try(release("lax", "remote", map[string]any{
			"targetNamespace": "strict", "chartRef": inLax("OCIRepository", "bad"),
		})))
	})
	t.Run("by a HelmChart that he writes by hand", func(t *testing.T) {
		must(t, tenant.Create(t.Context(), object("source.toolkit.fluxcd.io/v1", "HelmRepository", "lax", "charts",
			map[string]any{"type": "oci", "interval": "10m", "url": "oci://ghcr.io/acme/charts", "insecure": true})))
		must(t, tenant.Create(t.Context(), object("source.toolkit.fluxcd.io/v1", "HelmChart", "lax", "chart", map[string]any{
			"interval": "10m", "chart": "podinfo", "sourceRef": map[string]any{"kind": "HelmRepository", "name": "charts"},
		})))
		denied(t, try(release("strict", "by-chart", map[string]any{"chartRef": inLax("HelmChart", "chart")})))
	})
	t.Run("by a release before its source", func(t *testing.T) {
		if got := try(release("strict", "early", map[string]any{"chartRef": inLax("OCIRepository", "late")})); got != "" {
			t.Fatalf("missingSources: Warn refuses: %s", got)
		}
		within(t, "the reference is known", func() bool {
			got := refusal(t, tenant.Create(t.Context(), repository("lax", "late", insecure), client.DryRunAll))
			return strings.Contains(got, "[strict/forbid-insecure]")
		})
	})
	t.Run("by the policy itself", func(t *testing.T) {
		p := &v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: "strict"}}
		if err := tenant.Delete(t.Context(), p); err == nil {
			t.Error("he deleted the policy")
		}
	})
}

// TestBreakingTheGlass: who holds the verb bypass by its name is admitted, with a warning and on the record; who holds it only
// as one of all verbs is not, since Flux's controllers do.
func TestBreakingTheGlass(t *testing.T) {
	namespace(t, "glass", "guarded", "yes")
	create(t, policyOf(t, "glass", "{match: {namespaceSelector: {matchLabels: {guarded: \"yes\"}}}, rules: [{rule: forbid-insecure}]}"))
	verbs := func(names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{"fluxgate.dev"}, Resources: []string{"sourcepolicies"}, Verbs: names}
	}
	named := verbs("bypass")
	named.ResourceNames = []string{"glass"}
	grant(t, "fireman", named)
	other := verbs("bypass")
	other.ResourceNames = []string{"strict"}
	grant(t, "stranger", other)
	grant(t, "root", verbs("*"))
	for user, may := range map[string]struct{ object, label bool }{
		"fireman": {true, true}, "root": {false, true}, "stranger": {false, false}, "nobody": {false, false},
	} {
		t.Run(user, func(t *testing.T) {
			w := &warnings{}
			c := clientOf(t, clusterAdminIn(t, user, "glass"), w)
			got := refusal(t, c.Create(t.Context(), repository("glass", user, insecure)))
			if (got == "") != may.object {
				t.Errorf("the object: got %q, want it admitted: %t", got, may.object)
			}
			if said := strings.Join(w.take(), "\n"); strings.Contains(said, "(bypassed: you hold the verb bypass on this SourcePolicy)") != may.object {
				t.Errorf("warnings: %q", said)
			}
			got = refusal(t, labelled(t, c, "glass", func(l map[string]string) { delete(l, "guarded") }))
			if (got == "") != may.label {
				t.Errorf("the label: got %q, want it admitted: %t", got, may.label)
			}
			if got == "" {
				judged := func() bool {
					return refusal(t, admin(t).Create(t.Context(), repository("glass", "probe", insecure), client.DryRunAll)) != ""
				}
				within(t, "the label is gone", func() bool { return !judged() }) // else it could go after it has come back
				must(t, labelled(t, admin(t), "glass", func(l map[string]string) { l["guarded"] = "yes" }))
				within(t, "the label is back", judged)
			}
			eventually(t, "the record of the bypass", func() bool { return recorded(t, user, "glass") == may.object })
		})
	}
}

// recorded reports whether the audit log says that a user bypassed a policy for a Flux object.
func recorded(t *testing.T, user, policy string) bool {
	t.Helper()
	events, err := world.AuditEvents()
	must(t, err)
	for _, e := range events {
		if e.User.Username == user && e.ObjectRef.Resource == "ocirepositories" &&
			e.Annotations["validate.fluxgate.dev/bypassed"] == policy {
			return true
		}
	}
	return false
}

func release(namespace, name string, spec map[string]any) *unstructured.Unstructured {
	spec["interval"] = "10m"
	return object("helm.toolkit.fluxcd.io/v2", "HelmRelease", namespace, name, spec)
}

// inLax refers to an object of the lax namespace.
func inLax(kind, name string) map[string]any {
	return map[string]any{"kind": kind, "namespace": "lax", "name": name}
}

func verified(spec map[string]any) {
	spec["verify"] = map[string]any{"provider": "cosign", "secretRef": map[string]any{"name": "keys"}}
}
