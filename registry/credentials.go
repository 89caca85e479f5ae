package registry

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/fluxgate/fluxgate/flux"
)

// Credentials finds the credentials of a source.
type Credentials interface {
	// For returns the login of a source. Where the source needs one that cannot be had, it returns an *Error of
	// ClassCredentials, never an anonymous login instead. It is called for every query and must not dial a registry.
	For(ctx context.Context, source flux.Source) (Login, error)
}

// Login is how to log in and to connect, and who that is.
type Login struct {
	// Keychain is asked only when the registry is. An *Error that it returns is passed on.
	Keychain authn.Keychain
	// ID separates answers in the cache: logins that may see different things have different IDs. It holds no secret;
	// a hash of one will do. It covers Transport.
	ID string
	// Transport is what the source's own Secrets say of the connection; zero where they say nothing.
	Transport Transport
}

// Anonymous logs in nowhere. A source that asks for credentials is an error.
type Anonymous struct{}

var _ Credentials = Anonymous{}

// For returns the anonymous login.
func (Anonymous) For(_ context.Context, source flux.Source) (Login, error) {
	for _, needs := range []struct{ field, name string }{
		{"secretRef", source.SecretRef},
		{"serviceAccountName", source.ServiceAccountName},
		{"certSecretRef", source.CertSecretRef},
		{"proxySecretRef", source.ProxySecretRef},
		{"provider", cloudOf(source)},
	} {
		if needs.name != "" {
			return Login{}, credentialsError(source, needs.field+" is set, but no credentials can be read here", nil)
		}
	}
	return anonymousLogin(), nil
}

func anonymousLogin() Login {
	return Login{Keychain: authn.NewMultiKeychain(), ID: "anonymous"}
}

// DockerConfig logs in with the user's own docker configuration (DOCKER_CONFIG, ~/.docker/config.json, credential
// helpers, podman's auth.json), for the command line: it stands in for secretRef, provider and serviceAccountName
// alike. A registry that it does not name is asked anonymously, as docker does. The certificates and the proxy of the
// Options stand in for certSecretRef and proxySecretRef.
type DockerConfig struct{}

var _ Credentials = DockerConfig{}

// For returns the user's login, whatever the source names.
func (DockerConfig) For(context.Context, flux.Source) (Login, error) {
	return Login{Keychain: authn.DefaultKeychain, ID: "docker-config"}, nil
}

// cloudOf returns the provider of a source; empty where that is generic.
func cloudOf(source flux.Source) string {
	if source.Provider == "generic" {
		return ""
	}
	return source.Provider
}

func credentialsError(source flux.Source, advice string, err error) *Error {
	return &Error{Class: ClassCredentials, Reference: reference(source), Advice: advice, Err: err}
}
