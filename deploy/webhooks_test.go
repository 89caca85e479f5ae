package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hook is what webhooks of both kinds have.
type hook struct {
	clientConfig admissionregistrationv1.WebhookClientConfig
	behaviour    behaviour
	namespaces   *metav1.LabelSelector
	objects      *metav1.LabelSelector
	conditions   []admissionregistrationv1.MatchCondition
	rules        []admissionregistrationv1.RuleWithOperations
}

// behaviour says when a webhook is called, and what follows if it does not answer.
type behaviour struct {
	Failure     admissionregistrationv1.FailurePolicyType
	Match       admissionregistrationv1.MatchPolicyType
	SideEffects admissionregistrationv1.SideEffectClass
	Timeout     int32
	Path        string
}

// hooks are the shipped webhooks by name.
func hooks(t *testing.T) map[string]hook {
	t.Helper()
	all := map[string]hook{}
	for _, w := range only[*admissionregistrationv1.MutatingWebhookConfiguration](t).Webhooks {
		all[w.Name] = hook{
			w.ClientConfig, behaviour{*w.FailurePolicy, *w.MatchPolicy, *w.SideEffects, *w.TimeoutSeconds, *w.ClientConfig.Service.Path},
			w.NamespaceSelector, w.ObjectSelector, w.MatchConditions, w.Rules,
		}
		if *w.ReinvocationPolicy != admissionregistrationv1.IfNeededReinvocationPolicy {
			t.Errorf("%s is not invoked again after others", w.Name)
		}
	}
	for _, w := range only[*admissionregistrationv1.ValidatingWebhookConfiguration](t).Webhooks {
		all[w.Name] = hook{
			w.ClientConfig, behaviour{*w.FailurePolicy, *w.MatchPolicy, *w.SideEffects, *w.TimeoutSeconds, *w.ClientConfig.Service.Path},
			w.NamespaceSelector, w.ObjectSelector, w.MatchConditions, w.Rules,
		}
	}
	return all
}

func TestTheWebhooksFailAsTheyShould(t *testing.T) {
	want := map[string]behaviour{
		"mutate.fluxgate.dev":     {"Ignore", "Equivalent", "None", 10, "/mutate"},
		"validate.fluxgate.dev":   {"Fail", "Equivalent", "None", 10, "/validate"},
		"policies.fluxgate.dev":   {"Fail", "Equivalent", "None", 10, "/policies"},
		"namespaces.fluxgate.dev": {"Fail", "Equivalent", "None", 10, "/namespaces"},
	}
	got := map[string]behaviour{}
	for name, hook := range hooks(t) {
		got[name] = hook.behaviour
		if hook.clientConfig.CABundle != nil {
			t.Errorf("%s ships a caBundle, which every apply would write over Fluxgate's", name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("webhooks (-want +got):\n%s", diff)
	}
}

// TestExemptIsOnlyWhatNoTenantCanName: a selector on a label, or a condition on who asks, would be a way out.
func TestExemptIsOnlyWhatNoTenantCanName(t *testing.T) {
	all := hooks(t)
	mutate, validate := all["mutate.fluxgate.dev"], all["validate.fluxgate.dev"]
	if diff := cmp.Diff(mutate.namespaces, validate.namespaces); diff != "" {
		t.Errorf("namespaceSelector (-mutating +validating):\n%s", diff)
	}
	if diff := cmp.Diff(mutate.conditions, validate.conditions); diff != "" {
		t.Errorf("matchConditions (-mutating +validating):\n%s", diff)
	}
	system := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
		Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: []string{"fluxgate-system", "kube-system"},
	}}}
	if diff := cmp.Diff(system, validate.namespaces); diff != "" {
		t.Errorf("namespaceSelector of validate (-want +got):\n%s", diff)
	}
	for name, hook := range all {
		if hook.objects.Size() != 0 {
			t.Errorf("the objectSelector of %s exempts by labels that tenants set", name)
		}
		if name != "mutate.fluxgate.dev" && name != "validate.fluxgate.dev" && hook.namespaces.Size() != 0 {
			t.Errorf("the namespaceSelector of %s exempts where nothing has to be", name)
		}
		for _, condition := range hook.conditions {
			compares := name == "namespaces.fluxgate.dev" && condition.Name == "labels-changed"
			for _, forbidden := range []string{"labels", "annotations", "userInfo"} {
				if strings.Contains(condition.Expression, forbidden) && !compares {
					t.Errorf("matchCondition %s of %s reads %s, which tenants may set or borrow", condition.Name, name, forbidden)
				}
			}
		}
	}
}

// TestTheWebhooksSeeMainResourcesOnly, and of Namespaces whatever else changes their labels.
func TestTheWebhooksSeeMainResourcesOnly(t *testing.T) {
	const source, both = "source.toolkit.fluxcd.io/", "CREATE UPDATE "
	want := map[string][]string{
		"mutate.fluxgate.dev": {
			both + "helm.toolkit.fluxcd.io/v2/helmreleases",
			both + source + "v1/ocirepositories", both + source + "v1beta2/ocirepositories",
		},
		"validate.fluxgate.dev": {
			both + "helm.toolkit.fluxcd.io/v2/helmreleases", both + "kustomize.toolkit.fluxcd.io/v1/kustomizations",
			both + source + "v1/helmcharts", both + source + "v1/helmrepositories", both + source + "v1/ocirepositories",
			both + source + "v1beta2/helmcharts", both + source + "v1beta2/helmrepositories", both + source + "v1beta2/ocirepositories",
		},
		"policies.fluxgate.dev":   {both + "fluxgate.dev/v1alpha1/policyexceptions", both + "fluxgate.dev/v1alpha1/sourcepolicies"},
		"namespaces.fluxgate.dev": {"UPDATE /v1/namespaces", "UPDATE /v1/namespaces/finalize", "UPDATE /v1/namespaces/status"},
	}
	got := map[string][]string{}
	for name, hook := range hooks(t) {
		for _, rule := range hook.rules {
			operations := ""
			for _, operation := range rule.Operations {
				operations += string(operation) + " "
			}
			for _, version := range rule.APIVersions {
				for _, resource := range rule.Resources {
					got[name] = append(got[name], operations+strings.Join([]string{rule.APIGroups[0], version, resource}, "/"))
				}
			}
		}
		slices.Sort(got[name])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, pinned := range got["mutate.fluxgate.dev"] {
		if !slices.Contains(got["validate.fluxgate.dev"], pinned) {
			t.Errorf("%s is mutated and not validated", pinned)
		}
	}
}
