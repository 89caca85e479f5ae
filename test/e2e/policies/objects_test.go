package policies_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// effect is how long a change may take to be in force.
const effect = time.Second

// clientOf speaks to the API server as somebody; warnings go to w, which may be nil.
func clientOf(t *testing.T, config *rest.Config, w rest.WarningHandler) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{}
	if w != nil {
		config.WarningHandler = w
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func admin(t *testing.T) client.Client {
	t.Helper()
	return clientOf(t, world.Config, nil)
}

// namespace creates one, with labels as key, value, key, value.
func namespace(t *testing.T, name string, labels ...string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	for i := 0; i+1 < len(labels); i += 2 {
		ns.Labels[labels[i]] = labels[i+1]
	}
	if err := admin(t).Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
}

// policyOf is a SourcePolicy with a spec in YAML.
func policyOf(t *testing.T, name, spec string) *v1alpha1.SourcePolicy {
	t.Helper()
	p := &v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := yaml.UnmarshalStrict([]byte(spec), &p.Spec); err != nil {
		t.Fatal(err)
	}
	return p
}

// create creates a policy that is deleted with the test, and waits until it is ready.
func create(t *testing.T, p *v1alpha1.SourcePolicy) *v1alpha1.SourcePolicy {
	t.Helper()
	if err := admin(t).Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(admin(t).Delete(context.Background(), p)); err != nil {
			t.Error(err)
		}
	})
	condition(t, p, "True")
	return p
}

// condition waits for the condition Ready of the present generation, and returns it.
func condition(t *testing.T, obj client.Object, status metav1.ConditionStatus) metav1.Condition {
	t.Helper()
	var last *metav1.Condition
	eventually(t, "Ready="+string(status)+" of "+obj.GetName(), func() bool {
		if err := admin(t).Get(t.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
			t.Fatal(err)
		}
		var conditions []metav1.Condition
		switch o := obj.(type) {
		case *v1alpha1.SourcePolicy:
			conditions = o.Status.Conditions
		case *v1alpha1.PolicyException:
			conditions = o.Status.Conditions
		}
		last = meta.FindStatusCondition(conditions, "Ready")
		return last != nil && last.ObservedGeneration == obj.GetGeneration() && last.Status == status
	})
	return *last
}

// eventually waits for what happens a moment after its cause.
func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s has not come in a minute", what)
		}
	}
}

// repository is an OCIRepository that is pinned by its author, so that no registry is asked; change may be nil.
func repository(namespace, name string, change func(spec map[string]any)) *unstructured.Unstructured {
	spec := map[string]any{
		"interval": "10m", "url": "oci://ghcr.io/acme/podinfo",
		"ref": map[string]any{"digest": "sha256:" + strings.Repeat("ab", 32)},
	}
	if change != nil {
		change(spec)
	}
	return object("source.toolkit.fluxcd.io/v1", "OCIRepository", namespace, name, spec)
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	metadata := map[string]any{"namespace": namespace, "name": name}
	if strings.HasSuffix(name, "-") {
		metadata = map[string]any{"namespace": namespace, "generateName": name}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": metadata, "spec": spec,
	}}
}

func insecure(spec map[string]any) { spec["insecure"] = true }

// refusal is the message of a denial, empty where the object was admitted; every other error fails the test.
func refusal(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "denied the request") {
		t.Fatalf("got %v, want an admission or a denial", err)
	}
	return err.Error()
}

// withModule is a policy with one rule of its own.
func withModule(t *testing.T, name, rule, body string) *v1alpha1.SourcePolicy {
	t.Helper()
	p := policyOf(t, name, "{match: {namespaces: [none]}}")
	module := "package fluxgate.custom." + strings.ReplaceAll(rule, "-", "_") + "\n\n" + body
	p.Spec.Rego = []v1alpha1.CustomRule{{Name: rule, Module: module}}
	return p
}

// raw is the parameters of a rule.
func raw(t *testing.T, params any) *apiextensionsv1.JSON {
	t.Helper()
	text, err := json.Marshal(params)
	must(t, err)
	return &apiextensionsv1.JSON{Raw: text}
}
