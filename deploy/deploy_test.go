// Package deploy_test guards what deploy/base promises. That it works is shown at a real API server, in test/controlplane.
package deploy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// shipped decodes deploy/base; a field that the API does not know fails the test.
func shipped(t *testing.T) []runtime.Object {
	t.Helper()
	manifests, err := controlplane.Manifests("base")
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
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

// named returns the object of a type with a name.
func named[T client.Object](t *testing.T, name string) T {
	t.Helper()
	for _, object := range shipped(t) {
		if typed, ok := object.(T); ok && typed.GetName() == name {
			return typed
		}
	}
	t.Fatalf("no object of type %T is called %s", *new(T), name)
	return *new(T)
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
		metadata, err := meta.Accessor(object)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, object.GetObjectKind().GroupVersionKind().Kind+" "+metadata.GetName())
	}
	slices.Sort(got)
	want := []string{
		"ClusterRole fluxgate", "ClusterRole fluxgate-exceptions-edit", "ClusterRole fluxgate-view", "ClusterRoleBinding fluxgate",
		"CustomResourceDefinition policyexceptions.fluxgate.dev", "CustomResourceDefinition sourcepolicies.fluxgate.dev",
		"Deployment fluxgate", "MutatingWebhookConfiguration fluxgate", "Namespace fluxgate-system", "PodDisruptionBudget fluxgate",
		"Role fluxgate", "RoleBinding fluxgate", "Service fluxgate", "ServiceAccount fluxgate", "ValidatingWebhookConfiguration fluxgate",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
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
	for name, hook := range hooks(t) {
		called := hook.clientConfig.Service
		if called.Name != service.Name || called.Namespace != service.Namespace || *called.Port != service.Spec.Ports[0].Port {
			t.Errorf("%s calls %s/%s:%d, which is not the Service", name, called.Namespace, called.Name, *called.Port)
		}
	}
}

// TestTheGarbageCollectorWorksBeforeTheKernelKills: Rego that allocates without end is ended by its time; until then the
// memory that is left between the two limits has to do.
func TestTheGarbageCollectorWorksBeforeTheKernelKills(t *testing.T) {
	container := only[*appsv1.Deployment](t).Spec.Template.Spec.Containers[0]
	limit := container.Resources.Limits.Memory()
	for _, variable := range container.Env {
		if variable.Name != "GOMEMLIMIT" {
			continue
		}
		soft, err := resource.ParseQuantity(strings.TrimSuffix(variable.Value, "B")) // Go writes MiB, Kubernetes Mi
		if err != nil {
			t.Fatal(err)
		}
		if share := float64(soft.Value()) / float64(limit.Value()); share < 0.8 || share > 0.9 {
			t.Errorf("GOMEMLIMIT %s is %.0f %% of the limit %s, want 80 to 90", variable.Value, 100*share, limit)
		}
		return
	}
	t.Error("GOMEMLIMIT is not set")
}

// TestPoliciesComeFromTheCluster: what is mounted would have to be rolled out to change.
func TestPoliciesComeFromTheCluster(t *testing.T) {
	pod := only[*appsv1.Deployment](t).Spec.Template.Spec
	if len(pod.Volumes) != 0 {
		t.Errorf("volumes: %v", pod.Volumes)
	}
	for _, argument := range pod.Containers[0].Args {
		if strings.Contains(argument, "policy") || strings.Contains(argument, "policies") {
			t.Errorf("argument %s", argument)
		}
	}
}

// unselected matches the labels that the Service does not select by.
func unselected(service *corev1.Service) func(cmp.Path) bool {
	return func(path cmp.Path) bool {
		index, ok := path.Last().(cmp.MapIndex)
		return ok && service.Spec.Selector[index.Key().String()] == ""
	}
}
