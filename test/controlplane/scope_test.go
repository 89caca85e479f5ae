package controlplane

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errNotYet = errors.New("not yet")

// eventually waits for what the API server does a moment after it answered.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	t.Fatalf("waited in vain for %s: %v", what, err)
}

// scopeIsRight shows which requests reach which webhook under the shipped rules, selectors and conditions.
func scopeIsRight(t *testing.T, admin client.Client, record *recorder) {
	t.Helper()
	v1beta2 := repository("tenant", "older")
	v1beta2.SetAPIVersion("source.toolkit.fluxcd.io/v1beta2")
	generated := repository("flux-system", "")
	generated.SetGenerateName("flux-system")
	labelled := repository("tenant", "labelled")
	labelled.SetLabels(map[string]string{"kubernetes.io/metadata.name": "kube-system", "fluxgate.dev/ignore": "true"})
	kustomization := map[string]any{
		"interval": "1m", "prune": true, "sourceRef": map[string]any{"kind": "OCIRepository", "name": "flux-system"},
	}
	release := map[string]any{"interval": "1m", "chartRef": map[string]any{"kind": "OCIRepository", "name": "app"}}
	chart := map[string]any{
		"interval": "1m", "chart": "app", "sourceRef": map[string]any{"kind": "HelmRepository", "name": "acme"},
	}
	const source, kustomize = "source.toolkit.fluxcd.io/v1", "kustomize.toolkit.fluxcd.io/v1"
	url := map[string]any{"interval": "1m", "url": "https://registry.example/acme"}
	for name, test := range map[string]struct {
		object *unstructured.Unstructured
		want   []string
	}{
		"an OCIRepository is pinned and judged": {repository("tenant", "app"), []string{
			"mutate CREATE v1/ocirepositories tenant/app", "validate CREATE v1/ocirepositories tenant/app"}},
		"an OCIRepository of v1beta2 too": {v1beta2, []string{
			"mutate CREATE v1beta2/ocirepositories tenant/older", "validate CREATE v1beta2/ocirepositories tenant/older"}},
		"labels that a tenant sets exempt nothing": {labelled, []string{
			"mutate CREATE v1/ocirepositories tenant/labelled", "validate CREATE v1/ocirepositories tenant/labelled"}},
		"a HelmRelease is rewritten and judged": {object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "tenant", "app", release), []string{
			"mutate CREATE v2/helmreleases tenant/app", "validate CREATE v2/helmreleases tenant/app"}},
		"a HelmRepository is judged":                             {object(source, "HelmRepository", "tenant", "acme", url), []string{"validate CREATE v1/helmrepositories tenant/acme"}},
		"a HelmChart is judged":                                  {object(source, "HelmChart", "tenant", "app", chart), []string{"validate CREATE v1/helmcharts tenant/app"}},
		"a Kustomization is judged":                              {object(kustomize, "Kustomization", "tenant", "app", kustomization), []string{"validate CREATE v1/kustomizations tenant/app"}},
		"a GitRepository is left out":                            {object(source, "GitRepository", "tenant", "app", url), nil},
		"the OCIRepository of the bootstrap is left out":         {repository("flux-system", "flux-system"), nil},
		"the Kustomization of the bootstrap is left out":         {object(kustomize, "Kustomization", "flux-system", "flux-system", kustomization), nil},
		"what is called flux-system elsewhere is judged":         {object(kustomize, "Kustomization", "tenant", "flux-system", kustomization), []string{"validate CREATE v1/kustomizations tenant/flux-system"}},
		"another kind called flux-system in there is judged":     {object(source, "HelmRepository", "flux-system", "flux-system", url), []string{"validate CREATE v1/helmrepositories flux-system/flux-system"}},
		"another object of flux-system is judged":                {object(kustomize, "Kustomization", "flux-system", "apps", kustomization), []string{"validate CREATE v1/kustomizations flux-system/apps"}},
		"an object of kube-system is left out, as Fluxgate's is": {repository("kube-system", "app"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			got := record.during(func() { err = admin.Create(t.Context(), test.object) })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a generated name is judged, whatever it comes to", func(t *testing.T) {
		var err error
		got := record.during(func() { err = admin.Create(t.Context(), generated) })
		want := []string{"mutate CREATE v1/ocirepositories flux-system/", "validate CREATE v1/ocirepositories flux-system/" + generated.GetName()}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, calls (-want +got):\n%s", err, diff)
		}
	})
	t.Run("a change of status is left out", func(t *testing.T) {
		live := repository("tenant", "reconciled")
		if err := admin.Create(t.Context(), live); err != nil {
			t.Fatal(err)
		}
		live.Object["status"] = map[string]any{"observedGeneration": int64(1)}
		var err error
		got := record.during(func() { err = admin.Status().Update(t.Context(), live) })
		if err != nil || got != nil {
			t.Errorf("error %v, calls %q", err, got)
		}
	})
	t.Run("a deletion is left out", func(t *testing.T) {
		var err error
		got := record.during(func() { err = admin.Delete(t.Context(), repository("tenant", "reconciled")) })
		if err != nil || got != nil {
			t.Errorf("error %v, calls %q", err, got)
		}
	})
}

// rolesAreLeast asks the API server what Fluxgate's ServiceAccount may do.
func rolesAreLeast(t *testing.T, c *ControlPlane) {
	t.Helper()
	config, err := c.ServiceAccount(t.Context(), "fluxgate-system", "fluxgate")
	if err != nil {
		t.Fatal(err)
	}
	account := clientOf(t, config)
	const source, admission, fluxgate = "source.toolkit.fluxcd.io", "admissionregistration.k8s.io", "fluxgate.dev"
	for name, test := range map[string]struct {
		do      authorizationv1.ResourceAttributes
		allowed bool
	}{
		"watch sources everywhere":               {authorizationv1.ResourceAttributes{Verb: "watch", Group: source, Resource: "ocirepositories"}, true},
		"list charts everywhere":                 {authorizationv1.ResourceAttributes{Verb: "list", Group: source, Resource: "helmcharts"}, true},
		"watch releases, which refer to sources": {authorizationv1.ResourceAttributes{Verb: "watch", Group: "helm.toolkit.fluxcd.io", Resource: "helmreleases"}, true},
		"list what else refers to them":          {authorizationv1.ResourceAttributes{Verb: "list", Group: "kustomize.toolkit.fluxcd.io", Resource: "kustomizations"}, true},
		"write what refers to them":              {authorizationv1.ResourceAttributes{Verb: "patch", Group: "kustomize.toolkit.fluxcd.io", Resource: "kustomizations", Namespace: "tenant"}, false},
		"watch policies":                         {authorizationv1.ResourceAttributes{Verb: "watch", Group: fluxgate, Resource: "sourcepolicies"}, true},
		"list exceptions":                        {authorizationv1.ResourceAttributes{Verb: "list", Group: fluxgate, Resource: "policyexceptions"}, true},
		"say what became of a policy":            {authorizationv1.ResourceAttributes{Verb: "patch", Group: fluxgate, Resource: "sourcepolicies", Subresource: "status"}, true},
		"say what became of an exception":        {authorizationv1.ResourceAttributes{Verb: "update", Group: fluxgate, Resource: "policyexceptions", Subresource: "status", Namespace: "tenant"}, true},
		"change a policy":                        {authorizationv1.ResourceAttributes{Verb: "update", Group: fluxgate, Resource: "sourcepolicies", Name: "production"}, false},
		"write an exception":                     {authorizationv1.ResourceAttributes{Verb: "create", Group: fluxgate, Resource: "policyexceptions", Namespace: "tenant"}, false},
		"bypass a policy":                        {authorizationv1.ResourceAttributes{Verb: "bypass", Group: fluxgate, Resource: "sourcepolicies", Name: "production"}, false},
		"ask what a user may do":                 {authorizationv1.ResourceAttributes{Verb: "create", Group: "authorization.k8s.io", Resource: "subjectaccessreviews"}, true},
		"change a Namespace":                     {authorizationv1.ResourceAttributes{Verb: "update", Resource: "namespaces", Name: "tenant"}, false},
		"watch namespaces":                       {authorizationv1.ResourceAttributes{Verb: "watch", Resource: "namespaces"}, true},
		"read a tenant's Secret":                 {authorizationv1.ResourceAttributes{Verb: "get", Resource: "secrets", Namespace: "tenant", Name: "pull"}, true},
		"list Secrets":                           {authorizationv1.ResourceAttributes{Verb: "list", Resource: "secrets", Namespace: "tenant"}, false},
		"watch Secrets of its own namespace":     {authorizationv1.ResourceAttributes{Verb: "watch", Resource: "secrets", Namespace: "fluxgate-system"}, false},
		"create a Secret elsewhere":              {authorizationv1.ResourceAttributes{Verb: "create", Resource: "secrets", Namespace: "tenant"}, false},
		"update the certificate":                 {authorizationv1.ResourceAttributes{Verb: "update", Resource: "secrets", Namespace: "fluxgate-system", Name: "fluxgate-tls"}, true},
		"update another Secret next to it":       {authorizationv1.ResourceAttributes{Verb: "update", Resource: "secrets", Namespace: "fluxgate-system", Name: "other"}, false},
		"patch its own webhooks":                 {authorizationv1.ResourceAttributes{Verb: "patch", Group: admission, Resource: "validatingwebhookconfigurations", Name: "fluxgate"}, true},
		"patch another's webhooks":               {authorizationv1.ResourceAttributes{Verb: "patch", Group: admission, Resource: "mutatingwebhookconfigurations", Name: "kyverno"}, false},
		"delete its own webhooks":                {authorizationv1.ResourceAttributes{Verb: "delete", Group: admission, Resource: "validatingwebhookconfigurations", Name: "fluxgate"}, false},
		"write a source":                         {authorizationv1.ResourceAttributes{Verb: "update", Group: source, Resource: "ocirepositories", Namespace: "tenant"}, false},
		"issue a token of a ServiceAccount":      {authorizationv1.ResourceAttributes{Verb: "create", Resource: "serviceaccounts", Subresource: "token", Namespace: "tenant"}, false},
		"impersonate":                            {authorizationv1.ResourceAttributes{Verb: "impersonate", Resource: "users", Name: "root"}, false},
		"change its own role":                    {authorizationv1.ResourceAttributes{Verb: "update", Group: "rbac.authorization.k8s.io", Resource: "clusterroles", Name: "fluxgate"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &test.do}}
			if err := account.Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != test.allowed {
				t.Errorf("allowed %t, want %t: %s", review.Status.Allowed, test.allowed, review.Status.Reason)
			}
		})
	}
}
