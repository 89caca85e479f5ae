package cluster_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

var errDown = errors.New("connection refused")

// down is a reader of an API server that does not answer.
type down struct{ client.Reader }

func (down) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errDown
}

// never is a reader that must not be asked.
type never struct {
	client.Reader
	t *testing.T
}

func (n never) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	n.t.Errorf("the API server was asked for %s, though the cache knows it", key)
	return errDown
}

func reader(t *testing.T, objects ...client.Object) client.Reader {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

func namespace(labels map[string]string) client.Object {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "prod", Labels: labels}}
}

func TestLabelsOfNamespaces(t *testing.T) {
	labels := map[string]string{"environment": "production"}
	tests := map[string]struct {
		cache, live func(*testing.T) client.Reader
		want        map[string]string
		err         error
	}{
		"what the cache knows is not asked for": {
			cache: func(t *testing.T) client.Reader { return reader(t, namespace(labels)) },
			live:  func(t *testing.T) client.Reader { return never{t: t} }, want: labels},
		"what the cache does not know yet is read live": {
			cache: func(t *testing.T) client.Reader { return reader(t) },
			live:  func(t *testing.T) client.Reader { return reader(t, namespace(labels)) }, want: labels},
		"a namespace that does not exist has no labels": {
			cache: func(t *testing.T) client.Reader { return reader(t) },
			live:  func(t *testing.T) client.Reader { return reader(t) }},
		"an API server that does not answer is an error, not a namespace without labels": {
			cache: func(t *testing.T) client.Reader { return reader(t) },
			live:  func(*testing.T) client.Reader { return down{} }, err: errDown},
		"a cache that cannot tell is an error": {
			cache: func(*testing.T) client.Reader { return down{} },
			live:  func(t *testing.T) client.Reader { return never{t: t} }, err: errDown},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := cluster.Namespaces{Cache: test.cache(t), Live: test.live(t)}.Labels(context.Background(), "prod")
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupReadsTheVersionThatIsServed(t *testing.T) {
	gvk := schema.GroupVersionKind{Group: flux.SourceGroup, Version: "v1beta2", Kind: "OCIRepository"}
	app := &unstructured.Unstructured{}
	app.SetGroupVersionKind(gvk)
	app.SetNamespace("prod")
	app.SetName("app")
	key := flux.Key{Group: gvk.Group, Kind: gvk.Kind, NamespacedName: types.NamespacedName{Namespace: "prod", Name: "app"}}

	installed := meta.NewDefaultRESTMapper([]schema.GroupVersion{gvk.GroupVersion()})
	installed.Add(gvk, meta.RESTScopeNamespace)
	tests := map[string]struct {
		mapper      meta.RESTMapper
		cache, live client.Reader
		found       bool
		err         error
	}{
		"an object in the cache":                  {mapper: installed, cache: reader(t, app), live: never{t: t}, found: true},
		"an object that the cache lags behind":    {mapper: installed, cache: reader(t), live: reader(t, app), found: true},
		"an object that does not exist":           {mapper: installed, cache: reader(t), live: reader(t)},
		"an object whose kind is not installed":   {mapper: meta.NewDefaultRESTMapper(nil), cache: never{t: t}, live: never{t: t}},
		"an API server that does not answer":      {mapper: installed, cache: reader(t), live: down{}, err: errDown},
		"a cache that cannot be read is an error": {mapper: installed, cache: down{}, live: never{t: t}, err: errDown},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := cluster.Lookup{Cache: test.cache, Live: test.live, Mapper: test.mapper}.Lookup(context.Background(), key)
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if (got != nil) != test.found {
				t.Errorf("found %v, want %t", got, test.found)
			}
		})
	}
}

func TestReadSecret(t *testing.T) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "pull"},
		Type:       corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{".dockerconfigjson": []byte("{}")},
	}
	tests := map[string]struct {
		live client.Reader
		want *registry.Secret
		err  error
	}{
		"a Secret": {live: reader(t, secret), want: &registry.Secret{
			Type: "kubernetes.io/dockerconfigjson", Data: map[string][]byte{".dockerconfigjson": []byte("{}")}}},
		"a Secret that does not exist":       {live: reader(t)},
		"an API server that does not answer": {live: down{}, err: errDown},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := cluster.Secrets{Live: test.live}.ReadSecret(context.Background(), "prod", "pull")
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("secret (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysOfASecret(t *testing.T) {
	public, err := os.ReadFile("../verify/testdata/ecdsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "keys"}, Data: map[string][]byte{"cosign.pub": public, "cosign.key": []byte("private")},
	}
	listed := []verify.Key{{Entry: "cosign.pub", Fingerprint: "sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"}}
	for sentence, test := range map[string]struct {
		live           client.Reader
		name, provider string
		want           []verify.Key
		err            string
		broken         bool // an error of the API server, and none of the Secret
	}{
		"its public keys":            {live: reader(t, secret), name: "keys", provider: "cosign", want: listed},
		"those of another provider":  {live: reader(t, secret), name: "keys", provider: "notation", err: "has nothing under a key that ends in .crt or .pem"},
		"a Secret that is not there": {live: reader(t), name: "keys", err: "does not exist"},
		"a name that no Secret has":  {live: never{t: t}, name: "../../configmaps/keys", err: "does not exist"},
		"a name that is too long":    {live: never{t: t}, name: strings.Repeat("a", 300), err: "does not exist"},
		"an API server that is down": {live: down{}, name: "keys", err: "reading secret prod/keys: connection refused", broken: true},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := cluster.Secrets{Live: test.live}.Keys(t.Context(), "prod", test.name, test.provider)
			said, bad := "", (*verify.SecretError)(nil)
			if err != nil {
				said = err.Error()
			}
			if said != test.err || err != nil && errors.As(err, &bad) == test.broken {
				t.Errorf("error %v (%T), want %s", err, err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadServiceAccount(t *testing.T) {
	account := &corev1.ServiceAccount{
		ObjectMeta:       metav1.ObjectMeta{Namespace: "prod", Name: "puller", Annotations: map[string]string{"role": "reader"}},
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "a"}, {Name: "b"}},
	}
	tests := map[string]struct {
		live client.Reader
		want *registry.ServiceAccount
		err  error
	}{
		"a ServiceAccount": {live: reader(t, account), want: &registry.ServiceAccount{
			PullSecrets: []string{"a", "b"}, Annotations: map[string]string{"role": "reader"}}},
		"a ServiceAccount that does not exist": {live: reader(t)},
		"an API server that does not answer":   {live: down{}, err: errDown},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			got, err := cluster.ServiceAccounts{Live: test.live}.ReadServiceAccount(context.Background(), "prod", "puller")
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSlimKeepsNamesLabelsAndSpec(t *testing.T) {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
		"metadata": map[string]any{
			"name": "app", "namespace": "prod", "labels": map[string]any{"a": "b"},
			"annotations": map[string]any{"c": "d"}, "managedFields": []any{map[string]any{"manager": "m"}},
		},
		"spec": map[string]any{"url": "oci://ghcr.io/acme/app"}, "status": map[string]any{"observedGeneration": int64(1)},
	}}
	want := map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
		"metadata": map[string]any{"name": "app", "namespace": "prod", "labels": map[string]any{"a": "b"}},
		"spec":     map[string]any{"url": "oci://ghcr.io/acme/app"},
	}
	got, err := cluster.Slim(obj)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.(*unstructured.Unstructured).Object); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestIssueToken(t *testing.T) {
	forbidden := errors.New("is forbidden")
	tests := map[string]struct {
		answer error
		want   string
		err    error
	}{
		"a token":               {want: "the-token"},
		"no right to create it": {answer: forbidden, err: forbidden},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			live := interceptor.NewClient(fake.NewClientBuilder().Build(), interceptor.Funcs{SubResourceCreate: func(
				_ context.Context, _ client.Client, name string, obj, sub client.Object, _ ...client.SubResourceCreateOption,
			) error {
				request := sub.(*authenticationv1.TokenRequest)
				seconds := int64(600)
				want := authenticationv1.TokenRequestSpec{Audiences: []string{"sts.amazonaws.com"}, ExpirationSeconds: &seconds}
				if diff := cmp.Diff(want, request.Spec); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
				if got := name + " of " + obj.GetNamespace() + "/" + obj.GetName(); got != "token of prod/puller" {
					t.Errorf("asked for the %s", got)
				}
				request.Status.Token = "the-token"
				return test.answer
			}})
			got, err := cluster.Tokens{Live: live}.IssueToken(context.Background(), "prod", "puller", []string{"sts.amazonaws.com"})
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, test.want, test.err)
			}
		})
	}
}
