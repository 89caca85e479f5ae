package diagnose

import (
	"context"
	"fmt"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// Files are the objects of manifests, as far as a diagnosis reads them: OCIRepositories to diagnose, and the Secrets and
// ServiceAccounts that they name.
type Files struct {
	// Namespace is that of the objects that name none.
	Namespace string
	// Repositories are the OCIRepositories, in the order in which they were added.
	Repositories []*unstructured.Unstructured

	secrets  map[types.NamespacedName]*registry.Secret // nil: it is encrypted
	accounts map[types.NamespacedName]*registry.ServiceAccount
}

var (
	_ registry.SecretReader         = (*Files)(nil)
	_ registry.ServiceAccountReader = (*Files)(nil)
)

// NewFiles has no object yet.
func NewFiles(namespace string) *Files {
	return &Files{
		Namespace: namespace,
		secrets:   map[types.NamespacedName]*registry.Secret{}, accounts: map[types.NamespacedName]*registry.ServiceAccount{},
	}
}

// Add takes the content of a document, in the types of unstructured.Unstructured: an object, or a list of them. What is of no
// kind that is read is passed over. Its error says what cannot be read, without any content of a Secret.
func (f *Files) Add(content any) error {
	object, _ := content.(map[string]any)
	u := &unstructured.Unstructured{Object: object}
	if items, isList := object["items"].([]any); isList {
		for i, item := range items {
			if err := f.Add(item); err != nil {
				return fmt.Errorf("item %d: %w", i, err)
			}
		}
		return nil
	}
	gvk := u.GroupVersionKind()
	isRepository := gvk.Group == flux.SourceGroup && gvk.Kind == sourcev1.OCIRepositoryKind
	isCore := gvk.Group == "" && gvk.Version == "v1"
	if !isRepository && (!isCore || gvk.Kind != "Secret" && gvk.Kind != "ServiceAccount") {
		return nil
	}
	if u.GetNamespace() == "" {
		if _, ok := object["metadata"].(map[string]any); !ok {
			return fmt.Errorf("%s: metadata: is missing or not a mapping", gvk.Kind)
		}
		u.SetNamespace(f.Namespace)
	}
	name := types.NamespacedName{Namespace: u.GetNamespace(), Name: u.GetName()}
	if name.Name == "" {
		return fmt.Errorf("%s: metadata.name: is missing", gvk.Kind)
	}
	if f.has(gvk.Kind, name) {
		return fmt.Errorf("%s %s is there twice; give the one that is applied", gvk.Kind, name)
	}
	if isRepository {
		f.Repositories = append(f.Repositories, u)
		return nil
	}
	if err := f.addCore(gvk.Kind, name, u); err != nil {
		return fmt.Errorf("%s %s: %w", gvk.Kind, name, err)
	}
	return nil
}

func (f *Files) has(kind string, name types.NamespacedName) bool {
	switch kind {
	case "Secret":
		_, found := f.secrets[name]
		return found
	case "ServiceAccount":
		return f.accounts[name] != nil
	}
	for _, known := range f.Repositories {
		if known.GetNamespace() == name.Namespace && known.GetName() == name.Name {
			return true
		}
	}
	return false
}

func (f *Files) addCore(kind string, name types.NamespacedName, u *unstructured.Unstructured) error {
	if kind == "ServiceAccount" {
		account := &corev1.ServiceAccount{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, account); err != nil {
			return err
		}
		read := &registry.ServiceAccount{Annotations: account.Annotations}
		for _, secret := range account.ImagePullSecrets {
			read.PullSecrets = append(read.PullSecrets, secret.Name)
		}
		f.accounts[name] = read
		return nil
	}
	if _, encrypted := u.Object["sops"]; encrypted {
		f.secrets[name] = nil
		return nil
	}
	secret, err := secretOf(u)
	f.secrets[name] = secret
	return err
}

// ReadSecret wraps ErrNotGiven for a Secret that is not there, or is encrypted.
func (f *Files) ReadSecret(_ context.Context, namespace, name string) (*registry.Secret, error) {
	secret, found := f.secrets[types.NamespacedName{Namespace: namespace, Name: name}]
	switch {
	case !found:
		return nil, ErrNotGiven
	case secret == nil:
		return nil, fmt.Errorf("%w: it is encrypted there", ErrNotGiven)
	}
	return secret, nil
}

// ReadServiceAccount wraps ErrNotGiven for a ServiceAccount that is not there.
func (f *Files) ReadServiceAccount(_ context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	if account := f.accounts[types.NamespacedName{Namespace: namespace, Name: name}]; account != nil {
		return account, nil
	}
	return nil, ErrNotGiven
}
