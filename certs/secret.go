package certs

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// attempts bounds how often a round starts again because another replica wrote first; each time that replica's work is
// found done, so a second attempt is rare.
const attempts = 5

var errContended = errors.New("others kept writing it; the next round tries again")

// load returns the material of the Secret, after creating the Secret or renewing what was due in it.
func (c *Certs) load(ctx context.Context) (*material, error) {
	for range attempts {
		found, err := c.loadOnce(ctx)
		if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
			continue
		}
		return found, err
	}
	return nil, errContended
}

func (c *Certs) loadOnce(ctx context.Context) (*material, error) {
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: c.options.Namespace, Name: c.options.Secret}
	err := c.options.Client.Get(ctx, key, secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return nil, err
	}
	found, changed, err := renew(secret.Data, c.options.Names, c.options.Now())
	if err != nil || !changed {
		return found, err
	}
	data, err := found.encode()
	if err != nil {
		return nil, err
	}
	if missing {
		return found, c.create(ctx, data)
	}
	secret.Data = data
	return found, c.options.Client.Update(ctx, secret)
}

func (c *Certs) create(ctx context.Context, data map[string][]byte) error {
	return c.options.Client.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.options.Namespace,
			Name:      c.options.Secret,
			Labels:    map[string]string{"app.kubernetes.io/managed-by": "fluxgate"},
		},
		Type: corev1.SecretTypeTLS,
		Data: data,
	})
}
