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

// SecretReaderFunc adapts a function to SecretReader.
type SecretReaderFunc func(ctx context.Context, namespace, name string) (*Secret, error)

// ReadSecret calls f.
func (f SecretReaderFunc) ReadSecret(ctx context.Context, namespace, name string) (*Secret, error) {
	return f(ctx, namespace, name)
}

// PullSecrets logs in as Flux does (source-controller, keychain): with the Secret that secretRef names, else
// anonymously. Contents of Secrets are read for every query and not kept.
type PullSecrets struct {
	// Reader must not be nil.
	Reader SecretReader
}

var _ Credentials = PullSecrets{}

// For returns the login of a source. It is stricter than Flux in one thing: a Secret of a type or with a key that Flux
// passes over, to go on anonymously, is an error.
func (p PullSecrets) For(ctx context.Context, source flux.Source) (Login, error) {
	if err := checkIdentity(source); err != nil {
		return Login{}, err
	}
	if source.SecretRef == "" {
		return anonymousLogin(), nil
	}
	called := secretName(source)
	secret, err := p.Reader.ReadSecret(ctx, source.Namespace, source.SecretRef)
	switch {
	case err != nil:
		return Login{}, credentialsError(source, called+" could not be read", err)
	case secret == nil:
		return Login{}, credentialsError(source, called+" does not exist", nil)
	}
	key := corev1.DockerConfigJsonKey
	switch corev1.SecretType(secret.Type) {
	case corev1.SecretTypeDockerConfigJson:
	case corev1.SecretTypeDockercfg:
		key = corev1.DockerConfigKey
	default:
		return Login{}, credentialsError(source,
			fmt.Sprintf("%s must be of type %s", called, corev1.SecretTypeDockerConfigJson), nil)
	}
	content := secret.Data[key]
	if len(content) == 0 {
		return Login{}, credentialsError(source, fmt.Sprintf("%s has no key %s", called, key), nil)
	}
	keychain, err := parseKeyring(key, content)
	if err != nil {
		return Login{}, credentialsError(source, fmt.Sprintf("the key %s of %s is not a docker configuration", key, called), err)
	}
	id := sha256.Sum256(frame(key, string(content)))
	return Login{Keychain: keychain, ID: "secret:" + hex.EncodeToString(id[:])}, nil
}

// secretName names the Secret, but not to those who only refer to the source.
func secretName(source flux.Source) string {
	if source.Origin != nil {
		return "the Secret of its secretRef"
	}
	return fmt.Sprintf("Secret %s/%s", source.Namespace, source.SecretRef)
}
