package registry

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/fluxgate/fluxgate/flux"
)

// Credentials finds what a source logs in with.
type Credentials interface {
	// For returns the login of a source. Where the source needs one that cannot be had, it returns an *Error of
	// ClassCredentials, never an anonymous login instead. It is called for every query and must not dial a registry.
	For(ctx context.Context, source flux.Source) (Login, error)
}

// Login is how to log in, and who that is.
type Login struct {
	Keychain authn.Keychain
	// ID separates answers in the cache: logins that may see different things have different IDs. It holds no secret;
	// a hash of one will do.
	ID string
}

// Anonymous logs in nowhere. A source that asks for credentials is an error.
type Anonymous struct{}

var _ Credentials = Anonymous{}

// For returns the anonymous login.
func (Anonymous) For(_ context.Context, source flux.Source) (Login, error) {
	if err := checkIdentity(source); err != nil {
		return Login{}, err
	}
	if source.SecretRef != "" {
		return Login{}, credentialsError(source, "secretRef is set, but no Secrets can be read here", nil)
	}
	return anonymousLogin(), nil
}

func anonymousLogin() Login {
	return Login{Keychain: authn.NewMultiKeychain(), ID: "anonymous"}
}

// DockerConfig logs in with the user's own docker configuration (DOCKER_CONFIG, ~/.docker/config.json, credential
// helpers, podman's auth.json), for the command line: it stands in for secretRef, provider and serviceAccountName
// alike. A registry that it does not name is asked anonymously, as docker does.
type DockerConfig struct{}

var _ Credentials = DockerConfig{}

// For returns the user's login, whatever the source names.
func (DockerConfig) For(context.Context, flux.Source) (Login, error) {
	return Login{Keychain: authn.DefaultKeychain, ID: "docker-config"}, nil
}

// checkIdentity refuses sources that log in with an identity which Fluxgate cannot use yet. In Flux a secretRef beats
// the provider, and the ServiceAccount's imagePullSecrets are used beside the secretRef (source-controller, keychain).
func checkIdentity(source flux.Source) error {
	switch {
	case source.ServiceAccountName != "":
		return credentialsError(source, "Fluxgate cannot use serviceAccountName yet; use secretRef, or a digest without tag and semver", nil)
	case source.SecretRef == "" && source.Provider != "" && source.Provider != "generic":
		return credentialsError(source,
			fmt.Sprintf("Fluxgate cannot use provider %s yet; use secretRef, or a digest without tag and semver", quote(source.Provider)), nil)
	}
	return nil
}

// checkTransport refuses sources that connect in a way that Fluxgate cannot yet, whatever the credentials.
func checkTransport(source flux.Source) error {
	switch {
	case source.CertSecretRef != "":
		return credentialsError(source, "Fluxgate cannot use certSecretRef yet; use a certificate that it trusts, or a digest without tag and semver", nil)
	case source.ProxySecretRef != "":
		return credentialsError(source, "Fluxgate cannot use proxySecretRef yet; use a registry that it reaches without, or a digest without tag and semver", nil)
	}
	return nil
}

func credentialsError(source flux.Source, advice string, err error) *Error {
	return &Error{Class: ClassCredentials, Reference: reference(source), Advice: advice, Err: err}
}
