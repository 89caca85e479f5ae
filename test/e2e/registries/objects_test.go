package registries_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// spec is the spec of an object, or a part of it.
type spec = map[string]any

// tenant is a namespace, and who works in it.
type tenant struct {
	namespace string
	client    client.Client
}

// newTenant creates a namespace.
func newTenant(t *testing.T, namespace string) tenant {
	t.Helper()
	c, err := client.New(w.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.CreateNamespace(t.Context(), namespace, nil); err != nil {
		t.Fatal(err)
	}
	return tenant{namespace, c}
}

// create stores Secrets and ServiceAccounts, or replaces what is stored under their names.
func (n tenant) create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, obj := range objects {
		obj.SetNamespace(n.namespace)
		if err := client.IgnoreNotFound(n.client.Delete(t.Context(), obj)); err != nil {
			t.Fatal(err)
		}
		obj.SetResourceVersion("")
		if err := n.client.Create(t.Context(), obj); err != nil {
			t.Fatal(err)
		}
	}
}

func (n tenant) remove(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, obj := range objects {
		obj.SetNamespace(n.namespace)
		if err := n.client.Delete(t.Context(), obj); err != nil {
			t.Fatal(err)
		}
	}
}

// apply creates an OCIRepository, and says what came of it as its author sees it: what it was pinned to, or the API
// server's refusal.
func (n tenant) apply(t *testing.T, url string, more spec) string {
	t.Helper()
	obj := n.source(url, more)
	if err := n.client.Create(t.Context(), obj); err != nil {
		return strings.ReplaceAll(err.Error(), w.plain.Addr(), "<the address of plain>")
	}
	digest, _, err := unstructured.NestedString(obj.Object, "spec", "ref", "digest")
	if err != nil || digest == "" {
		t.Fatalf("%s was admitted with the digest %q, %v", url, digest, err)
	}
	artifact, known := w.artifacts[digest]
	if !known {
		t.Fatalf("%s was pinned to %s, which was never pushed", url, digest)
	}
	return "pinned to " + artifact
}

// source is an OCIRepository of the tag v1, unless more says otherwise.
func (n tenant) source(url string, more spec) *unstructured.Unstructured {
	fields := spec{"url": "oci://" + url, "interval": "10m", "ref": spec{"tag": "v1"}}
	maps.Copy(fields, more)
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "spec": fields,
	}}
	obj.SetNamespace(n.namespace)
	obj.SetGenerateName("source-")
	return obj
}

// ref names a Secret or ServiceAccount in a field of a spec.
func ref(name string) spec { return spec{"name": name} }

func opaque(name string, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data}
}

// login is a Secret with a user's password at a registry.
func login(name, host, user, password string) *corev1.Secret {
	config, err := json.Marshal(spec{"auths": spec{host: spec{"username": user, "password": password}}})
	if err != nil {
		panic(err) // maps of strings
	}
	return pullSecret(name, corev1.SecretTypeDockerConfigJson, corev1.DockerConfigJsonKey, string(config))
}

func pullSecret(name string, of corev1.SecretType, key, content string) *corev1.Secret {
	secret := opaque(name, map[string]string{key: content})
	secret.Type = of
	return secret
}

func account(name string, pullSecrets ...string) *corev1.ServiceAccount {
	a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, secret := range pullSecrets {
		a.ImagePullSecrets = append(a.ImagePullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	return a
}

// indent makes a text of several lines one entry of a golden file.
func indent(title, text string) string {
	return fmt.Sprintf("%s:\n  %s\n", title, strings.ReplaceAll(text, "\n", "\n  "))
}
