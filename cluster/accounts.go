package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/registry"
)

// ServiceAccounts reads ServiceAccounts from the API server, one at a time and never through a cache.
type ServiceAccounts struct {
	// Live must not be backed by a cache.
	Live client.Reader
}

var _ registry.ServiceAccountReader = ServiceAccounts{}

// ReadServiceAccount returns nil and no error for a ServiceAccount that does not exist.
func (s ServiceAccounts) ReadServiceAccount(ctx context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	account, err := read(ctx, s.Live, types.NamespacedName{Namespace: namespace, Name: name}, &corev1.ServiceAccount{})
	if err != nil {
		return nil, fmt.Errorf("reading serviceaccount %s/%s: %w", namespace, name, err)
	}
	if account == nil {
		return nil, nil
	}
	found := &registry.ServiceAccount{Annotations: account.Annotations}
	for _, secret := range account.ImagePullSecrets {
		found.PullSecrets = append(found.PullSecrets, secret.Name)
	}
	return found, nil
}
