package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/registry"
)

// Secrets reads Secrets from the API server, one at a time and never through a cache: it takes no right to list them, and
// keeps nothing of them.
type Secrets struct {
	// Live must not be backed by a cache.
	Live client.Reader
}

var _ registry.SecretReader = Secrets{}

// ReadSecret returns nil and no error for a Secret that does not exist.
func (s Secrets) ReadSecret(ctx context.Context, namespace, name string) (*registry.Secret, error) {
	secret := &corev1.Secret{}
	err := s.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading secret %s/%s: %w", namespace, name, err)
	}
	return &registry.Secret{Type: string(secret.Type), Data: secret.Data}, nil
}
