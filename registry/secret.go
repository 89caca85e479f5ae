package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/fluxgate/fluxgate/flux"
)

// Secret is what a login needs of a Kubernetes Secret.
type Secret struct {
	Type string
	Data map[string][]byte
}

// SecretReader reads Secrets.
type SecretReader interface {
	// ReadSecret returns nil and no error where the Secret does not exist, an error only where that could not be told.
	ReadSecret(ctx context.Context, namespace, name string) (*Secret, error)
}

// secretName is a Secret of a source's namespace, and what users read of it.
type secretName struct{ name, called string }

// nameOf names the Secret of a source's field, but not to those who only refer to the source.
func nameOf(source flux.Source, field, name string) secretName {
	if source.Origin != nil {
		return secretName{name, "the Secret of its " + field}
	}
	return secretName{name, fmt.Sprintf("Secret %s/%s", source.Namespace, name)}
}

// pullSecretOf names a Secret that the source's ServiceAccount lists.
func pullSecretOf(source flux.Source, name string) secretName {
	if source.Origin != nil {
		return secretName{name, "an imagePullSecret of its serviceAccountName"}
	}
	return secretName{name, fmt.Sprintf("Secret %s/%s (imagePullSecrets of %s)", source.Namespace, name, accountName(source))}
}

// secret reads a Secret, which must exist.
func (o ObjectCredentials) secret(ctx context.Context, source flux.Source, name secretName) (*Secret, error) {
	secret, err := o.Secrets.ReadSecret(ctx, source.Namespace, name.name)
	switch {
	case err != nil:
		return nil, credentialsError(source, name.called+" could not be read", err)
	case secret == nil:
		return nil, credentialsError(source, name.called+" does not exist", ErrMissing)
	}
	return secret, nil
}

// pullSecret is a Secret with logins.
type pullSecret struct {
	key, content string
	ring         keyring
}

func parsePullSecret(source flux.Source, called string, secret *Secret) (pullSecret, error) {
	key := corev1.DockerConfigJsonKey
	switch corev1.SecretType(secret.Type) {
	case corev1.SecretTypeDockerConfigJson:
	case corev1.SecretTypeDockercfg:
		key = corev1.DockerConfigKey
	default:
		return pullSecret{}, credentialsError(source,
			fmt.Sprintf("%s must be of type %s", called, corev1.SecretTypeDockerConfigJson), nil)
	}
	content := secret.Data[key]
	if len(content) == 0 {
		return pullSecret{}, credentialsError(source, fmt.Sprintf("%s has no key %s", called, key), nil)
	}
	ring, err := parseKeyring(key, content)
	if err != nil {
		return pullSecret{}, credentialsError(source, fmt.Sprintf("the key %s of %s is not a docker configuration", key, called), err)
	}
	return pullSecret{key: key, content: string(content), ring: ring}, nil
}

// fingerprint is a hash by which contents are told apart without being kept.
func fingerprint(contents ...string) string {
	sum := sha256.Sum256(frame(contents...))
	return hex.EncodeToString(sum[:])
}
