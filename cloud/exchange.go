package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluxcd/pkg/auth"
	"github.com/fluxcd/pkg/auth/aws"
	"github.com/fluxcd/pkg/auth/azure"
	"github.com/fluxcd/pkg/auth/gcp"
	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxgate/fluxgate/registry"
)

// providerOf returns the provider of an identity, whose repository must be in a registry of that cloud.
func (l *Logins) providerOf(identity registry.Identity) (auth.ArtifactRegistryCredentialsProvider, error) {
	if identity.Repository.Cloud() != identity.Provider {
		return nil, fmt.Errorf("provider %q is not that of the host", identity.Provider)
	}
	switch identity.Provider {
	case aws.ProviderName:
		return aws.Provider{}, nil
	case azure.ProviderName:
		return guardedAzure{exchange: acrExchange{transport: l.options.Transport}}, nil
	case gcp.ProviderName:
		return gcp.Provider{}, nil
	default:
		return nil, fmt.Errorf("provider %q is unknown", identity.Provider)
	}
}

// exchange gets a login. A panic of a library over an odd answer is a failure.
func (l *Logins) exchange(
	ctx context.Context, provider auth.ArtifactRegistryCredentialsProvider, input string, identity registry.Identity,
) (got outcome) {
	failed := func(err error) outcome { return outcome{failure: err, until: l.options.Now().Add(failedFor)} }
	defer func() {
		if reason := recover(); reason != nil {
			got = failed(fmt.Errorf("panic: %v", reason))
		}
	}()
	options, err := provider.GetAccessTokenOptionsForArtifactRepository(identity.Repository.String())
	if err != nil {
		return failed(err)
	}
	token, err := l.token(ctx, provider, identity, options)
	if err != nil {
		return failed(err)
	}
	credentials, err := provider.NewArtifactRegistryCredentials(ctx, input, token)
	if err != nil {
		return failed(fmt.Errorf("login at the registry: %w", err))
	}
	login, err := authn.Authorization(ctx, credentials.Authenticator)
	if err != nil {
		return failed(err)
	}
	// Flux's cache of tokens, and the kubelet, take a token to be old when four fifths of its life are over.
	life := min(credentials.ExpiresAt.Sub(l.options.Now())/5*4, longestLife)
	return outcome{login: *login, until: l.options.Now().Add(life)}
}

// token gets what the cloud takes for the identity (fluxcd/pkg, auth, GetAccessToken, without its cache, which holds one
// lock over all exchanges, and without reading the ServiceAccount once more).
func (l *Logins) token(
	ctx context.Context, provider auth.Provider, identity registry.Identity, options []auth.Option,
) (auth.Token, error) {
	if identity.Account == nil {
		token, err := provider.NewControllerToken(ctx, options...)
		if err != nil {
			return nil, fmt.Errorf("token for Fluxgate's own identity: %w", err)
		}
		return token, nil
	}
	if l.options.Tokens == nil {
		return nil, errors.New("no tokens of ServiceAccounts can be had here")
	}
	account := corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: identity.Namespace, Name: identity.Name, Annotations: identity.Account.Annotations,
	}}
	if _, err := provider.GetIdentity(account); err != nil {
		return nil, err
	}
	audiences, err := provider.GetAudiences(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("audience of the token of %s/%s: %w", account.Namespace, account.Name, err)
	}
	issued, err := l.options.Tokens.IssueToken(ctx, account.Namespace, account.Name, audiences)
	if err != nil {
		return nil, err
	}
	token, err := provider.NewTokenForServiceAccount(ctx, issued, account, options...)
	if err != nil {
		return nil, fmt.Errorf("token for %s/%s: %w", account.Namespace, account.Name, err)
	}
	return token, nil
}
