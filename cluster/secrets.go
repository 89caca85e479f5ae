package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// Secrets reads Secrets from the API server, one at a time and never through a cache: it takes no right to list them, and
// keeps nothing of them beyond a review (see Once).
type Secrets struct {
	// Live must not be backed by a cache.
	Live client.Reader
}

var (
	_ registry.SecretReader = Secrets{}
	_ gate.Keys             = Secrets{}
)

// ReadSecret returns nil and no error for a Secret that does not exist.
func (s Secrets) ReadSecret(ctx context.Context, namespace, name string) (*registry.Secret, error) {
	secret, err := s.read(ctx, namespace, name)
	if secret == nil || err != nil {
		return nil, err
	}
	return &registry.Secret{Type: string(secret.Type), Data: secret.Data}, nil
}

// Keys returns the fingerprints of the public keys that a Secret holds for a provider, and verify.Missing where there is
// no such Secret.
func (s Secrets) Keys(ctx context.Context, namespace, name, provider string) ([]verify.Key, error) {
	secret, err := s.read(ctx, namespace, name)
	switch {
	case err != nil:
		return nil, err
	case secret == nil:
		return nil, verify.Missing()
	}
	return verify.Keys(provider, secret.Data)
}

// Material returns what a verify block reads in a Secret, and verify.Missing where there is no such Secret.
func (s Secrets) Material(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	secret, err := s.read(ctx, namespace, name)
	switch {
	case err != nil:
		return nil, err
	case secret == nil:
		return nil, verify.Missing()
	}
	return verify.Entries(secret.Data), nil
}

// read returns nil and no error for a Secret that does not exist, and so for a name that none can have.
func (s Secrets) read(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		return nil, nil
	}
	secret, err := read(ctx, s.Live, types.NamespacedName{Namespace: namespace, Name: name}, &corev1.Secret{})
	if err != nil {
		return nil, fmt.Errorf("reading secret %s/%s: %w", namespace, name, err)
	}
	return secret, nil
}
