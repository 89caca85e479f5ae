package registry

import (
	"context"

	"github.com/fluxgate/fluxgate/flux"
)

// ObjectCredentials logs in as Flux does (source-controller, OCIRepositoryReconciler.keychain and transport): with the
// Secret of secretRef and the imagePullSecrets of the ServiceAccount, which beat the provider; else with the identity that
// the provider gives; else anonymously. Secrets and ServiceAccounts are read for every query and not kept.
type ObjectCredentials struct {
	// Secrets must not be nil.
	Secrets SecretReader
	// ServiceAccounts must not be nil.
	ServiceAccounts ServiceAccountReader
	// Cloud logs in where a provider is named; nil makes such a source an error.
	Cloud Cloud
	// OwnIdentity permits Fluxgate's own identity in a cloud, which every source with a provider and without a ServiceAccount
	// can then use; false makes such a source an error.
	OwnIdentity bool
	// DefaultAccount is the ServiceAccount, of the source's namespace, whose identity in a cloud such a source has instead:
	// source-controller's --default-service-account. As there (fluxcd/pkg, auth, getServiceAccountAndProviderInfo), its
	// imagePullSecrets are not used. Empty means none.
	DefaultAccount string
}

var _ Credentials = ObjectCredentials{}

// For returns the login of a source. It is stricter than Flux in one thing: a Secret of a type or with a key that Flux
// passes over, to go on anonymously, is an error.
func (o ObjectCredentials) For(ctx context.Context, source flux.Source) (Login, error) {
	account, err := o.account(ctx, source)
	if err != nil {
		return Login{}, err
	}
	secrets, err := o.pullSecrets(ctx, source, account)
	if err != nil {
		return Login{}, err
	}
	transport, err := o.transport(ctx, source)
	if err != nil {
		return Login{}, err
	}
	login := anonymousLogin()
	switch {
	case len(secrets) > 0:
		login = staticLogin(secrets)
	case cloudOf(source) != "":
		login, err = o.cloudLogin(ctx, source, account, transport)
	}
	if err != nil {
		return Login{}, err
	}
	if login.Transport = transport; transport.ID != "" {
		login.ID += " by " + transport.ID
	}
	return login, nil
}

// pullSecrets reads the Secret of secretRef, then those of the ServiceAccount: where two have a login for the same
// registry, the first one counts.
func (o ObjectCredentials) pullSecrets(ctx context.Context, source flux.Source, account *ServiceAccount) ([]pullSecret, error) {
	var named []secretName
	if source.SecretRef != "" {
		named = append(named, nameOf(source, "secretRef", source.SecretRef))
	}
	if account != nil {
		for _, name := range account.PullSecrets {
			named = append(named, pullSecretOf(source, name))
		}
	}
	var secrets []pullSecret
	for _, name := range named {
		secret, err := o.secret(ctx, source, name)
		if err != nil {
			return nil, err
		}
		parsed, err := parsePullSecret(source, name.called, secret)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, parsed)
	}
	return secrets, nil
}

func staticLogin(secrets []pullSecret) Login {
	var rings []keyring
	var content []string
	for _, secret := range secrets {
		rings = append(rings, secret.ring)
		content = append(content, secret.key, secret.content)
	}
	return Login{Keychain: mergeKeyrings(rings...), ID: "secret:" + fingerprint(content...)}
}
