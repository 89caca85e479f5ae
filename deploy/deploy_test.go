// Package deploy_test guards what deploy/base promises. That it works is shown at a real API server, in test/controlplane.
package deploy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/test/controlplane"
)

// shipped decodes deploy/base; a field that the API does not know fails the test.
func shipped(t *testing.T) []runtime.Object {
	t.Helper()
	manifests, err := controlplane.Manifests("base")
	if err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(clientgoscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	objects := make([]runtime.Object, 0, len(manifests))
	for _, manifest := range manifests {
		data, err := manifest.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(data, nil, nil)
		if err != nil {
			t.Fatalf("%s %s: %v", manifest.GetKind(), manifest.GetName(), err)
		}
		objects = append(objects, object)
	}
	return objects
}

// only returns the one object of a type.
func only[T runtime.Object](t *testing.T) T {
	t.Helper()
	var found []T
	for _, object := range shipped(t) {
		if typed, ok := object.(T); ok {
			found = append(found, typed)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of type %T, want 1", len(found), *new(T))
	}
	return found[0]
}

func TestNothingIsLeftOut(t *testing.T) {
	var got []string
	for _, object := range shipped(t) {
		got = append(got, object.GetObjectKind().GroupVersionKind().Kind)
	}
	slices.Sort(got)
	want := []string{
		"ClusterRole", "ClusterRoleBinding", "ConfigMap", "Deployment", "MutatingWebhookConfiguration", "Namespace",
		"PodDisruptionBudget", "Role", "RoleBinding", "Service", "ServiceAccount", "ValidatingWebhookConfiguration",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestTheWebhooksFailAsTheyShould(t *testing.T) {
	mutating := only[*admissionregistrationv1.MutatingWebhookConfiguration](t).Webhooks
	validating := only[*admissionregistrationv1.ValidatingWebhookConfiguration](t).Webhooks
	if len(mutating) != 1 || len(validating) != 1 {
		t.Fatalf("%d mutating and %d validating webhooks, want one each", len(mutating), len(validating))
	}
	mutate, validate := mutating[0], validating[0]
	type behaviour struct {
		Failure     admissionregistrationv1.FailurePolicyType
		Match       admissionregistrationv1.MatchPolicyType
		SideEffects admissionregistrationv1.SideEffectClass
		Timeout     int32
		Path        string
	}
	want := behaviour{"Ignore", "Equivalent", "None", 10, "/mutate"}
	got := behaviour{*mutate.FailurePolicy, *mutate.MatchPolicy, *mutate.SideEffects, *mutate.TimeoutSeconds, *mutate.ClientConfig.Service.Path}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mutating (-want +got):\n%s", diff)
	}
	want = behaviour{"Fail", "Equivalent", "None", 10, "/validate"}
	got = behaviour{*validate.FailurePolicy, *validate.MatchPolicy, *validate.SideEffects, *validate.TimeoutSeconds, *validate.ClientConfig.Service.Path}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("validating (-want +got):\n%s", diff)
	}
	if *mutate.ReinvocationPolicy != admissionregistrationv1.IfNeededReinvocationPolicy {
		t.Error("the mutating webhook is not invoked again after others")
	}
	for name, bundle := range map[string][]byte{"mutating": mutate.ClientConfig.CABundle, "validating": validate.ClientConfig.CABundle} {
		if bundle != nil {
			t.Errorf("the %s webhook ships a caBundle, which every apply would write over Fluxgate's", name)
		}
	}
}

func TestBothWebhooksExemptTheSameAndByNameOnly(t *testing.T) {
	mutate := only[*admissionregistrationv1.MutatingWebhookConfiguration](t).Webhooks[0]
	validate := only[*admissionregistrationv1.ValidatingWebhookConfiguration](t).Webhooks[0]
	if diff := cmp.Diff(mutate.NamespaceSelector, validate.NamespaceSelector); diff != "" {
		t.Errorf("namespaceSelector (-mutating +validating):\n%s", diff)
	}
	if diff := cmp.Diff(mutate.MatchConditions, validate.MatchConditions); diff != "" {
		t.Errorf("matchConditions (-mutating +validating):\n%s", diff)
	}
	if mutate.ObjectSelector.Size() != 0 || validate.ObjectSelector.Size() != 0 {
		t.Error("an objectSelector exempts by labels that tenants set")
	}
	if len(validate.NamespaceSelector.MatchLabels) != 0 {
		t.Error("the namespaceSelector selects by labels that tenants may set")
	}
	for _, expression := range validate.NamespaceSelector.MatchExpressions {
		if expression.Key != corev1.LabelMetadataName {
			t.Errorf("the namespaceSelector reads the label %s, which tenants may set", expression.Key)
		}
		if want := []string{"fluxgate-system", "kube-system"}; !slices.Equal(want, expression.Values) {
			t.Errorf("exempt namespaces: %q, want %q", expression.Values, want)
		}
	}
	for _, condition := range validate.MatchConditions {
		for _, forbidden := range []string{"labels", "annotations", "userInfo"} {
			if strings.Contains(condition.Expression, forbidden) {
				t.Errorf("matchCondition %s reads %s, which tenants may set or borrow", condition.Name, forbidden)
			}
		}
	}
}

func TestWhateverIsPinnedIsJudged(t *testing.T) {
	resources := func(rules []admissionregistrationv1.RuleWithOperations) (all []string) {
		for _, rule := range rules {
			want := []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update}
			if diff := cmp.Diff(want, rule.Operations); diff != "" {
				t.Errorf("operations of %q (-want +got):\n%s", rule.Resources, diff)
			}
			for _, version := range rule.APIVersions {
				for _, resource := range rule.Resources {
					if strings.ContainsAny(resource, "*/") || version == "*" {
						t.Errorf("rule %s/%s: a wildcard or a subresource", version, resource)
					}
					all = append(all, strings.Join([]string{rule.APIGroups[0], version, resource}, "/"))
				}
			}
		}
		return all
	}
	judged := resources(only[*admissionregistrationv1.ValidatingWebhookConfiguration](t).Webhooks[0].Rules)
	for _, pinned := range resources(only[*admissionregistrationv1.MutatingWebhookConfiguration](t).Webhooks[0].Rules) {
		if !slices.Contains(judged, pinned) {
			t.Errorf("%s is mutated and not validated", pinned)
		}
	}
}

func TestRolesGrantNoMoreThanTheySay(t *testing.T) {
	role, clusterRole := only[*rbacv1.Role](t), only[*rbacv1.ClusterRole](t)
	for _, rule := range append(role.Rules, clusterRole.Rules...) {
		for _, all := range [][]string{rule.Verbs, rule.Resources, rule.APIGroups} {
			if slices.Contains(all, rbacv1.ResourceAll) {
				t.Errorf("a wildcard: %v", rule)
			}
		}
	}
	for _, rule := range clusterRole.Rules {
		if slices.Contains(rule.Resources, "secrets") && !slices.Equal(rule.Verbs, []string{"get"}) {
			t.Errorf("Secrets of the whole cluster: %q", rule.Verbs)
		}
		writes := slices.ContainsFunc(rule.Verbs, func(verb string) bool { return !slices.Contains([]string{"get", "list", "watch"}, verb) })
		if writes && !slices.Equal(rule.ResourceNames, []string{"fluxgate"}) {
			t.Errorf("writes to more than its own webhooks: %v", rule)
		}
	}
	for _, rule := range role.Rules {
		named := slices.Equal(rule.ResourceNames, []string{"fluxgate-tls"})
		if !named && !slices.Equal(rule.Verbs, []string{"create"}) {
			t.Errorf("more than its own Secret: %v", rule)
		}
	}
}

func TestTheDeploymentIsRestrictedAndConsistent(t *testing.T) {
	deployment := only[*appsv1.Deployment](t)
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	yes, no := true, false
	want := &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if diff := cmp.Diff(want, container.SecurityContext); diff != "" {
		t.Errorf("securityContext (-want +got):\n%s", diff)
	}
	if !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("pod securityContext: %v", pod.SecurityContext)
	}
	if *deployment.Spec.Replicas < 2 {
		t.Error("fewer than two replicas behind failurePolicy Fail")
	}
	service := only[*corev1.Service](t)
	if diff := cmp.Diff(service.Spec.Selector, deployment.Spec.Template.Labels, cmp.FilterPath(unselected(service), cmp.Ignore())); diff != "" {
		t.Errorf("the Service does not select the pods (-selector +labels):\n%s", diff)
	}
	hook := only[*admissionregistrationv1.ValidatingWebhookConfiguration](t).Webhooks[0].ClientConfig.Service
	if hook.Name != service.Name || hook.Namespace != service.Namespace || *hook.Port != service.Spec.Ports[0].Port {
		t.Errorf("the webhooks call %s/%s:%d, which is not the Service", hook.Namespace, hook.Name, *hook.Port)
	}
}

// unselected matches the labels that the Service does not select by.
func unselected(service *corev1.Service) func(cmp.Path) bool {
	return func(path cmp.Path) bool {
		index, ok := path.Last().(cmp.MapIndex)
		return ok && service.Spec.Selector[index.Key().String()] == ""
	}
}

func TestTheStarterPolicyIsTheBuiltInDefault(t *testing.T) {
	if _, err := policy.Load("base/policy.yaml"); err != nil {
		t.Fatal(err)
	}
	spec := func(path string) any {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var document struct{ Spec any }
		if err := yaml.Unmarshal(data, &document); err != nil {
			t.Fatal(err)
		}
		return document.Spec
	}
	if diff := cmp.Diff(spec("../policy/default.yaml"), spec("base/policy.yaml")); diff != "" {
		t.Errorf("spec (-built-in +starter):\n%s", diff)
	}
}
