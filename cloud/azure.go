package cloud

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/containers/azcontainerregistry"
	"github.com/fluxcd/pkg/auth"
	"github.com/fluxcd/pkg/auth/azure"
)

// guardedAzure exchanges the login at the registry, the one host that a tenant names, over connections of ours.
// fluxcd/pkg/auth makes its HTTP client itself, but lets the call be replaced.
type guardedAzure struct {
	azure.Provider
	exchange acrExchange
}

// NewArtifactRegistryCredentials implements auth.ArtifactRegistryCredentialsProvider.
func (g guardedAzure) NewArtifactRegistryCredentials(
	ctx context.Context, registry string, token auth.Token, options ...auth.Option,
) (*auth.ArtifactRegistryCredentials, error) {
	return azure.Provider{Implementation: g.exchange}.NewArtifactRegistryCredentials(ctx, registry, token, options...)
}

// acrExchange has the one method of its interface that the exchange calls; any other would panic, which is a failed login.
type acrExchange struct {
	azure.Implementation
	transport http.RoundTripper
}

// ExchangeAADAccessTokenForACRRefreshToken asks the registry called service, once, and follows no redirect: it gets a token.
func (e acrExchange) ExchangeAADAccessTokenForACRRefreshToken(
	ctx context.Context, _ *azcontainerregistry.AuthenticationClient, grantType azcontainerregistry.PostContentSchemaGrantType,
	service string, options *azcontainerregistry.AuthenticationClientExchangeAADAccessTokenForACRRefreshTokenOptions,
) (azcontainerregistry.AuthenticationClientExchangeAADAccessTokenForACRRefreshTokenResponse, error) {
	client, err := azcontainerregistry.NewAuthenticationClient("https://"+service, &azcontainerregistry.AuthenticationClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: &http.Client{
				Transport:     e.transport,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
			Retry: policy.RetryOptions{MaxRetries: -1}, // a review has no time for that
		},
	})
	if err != nil {
		return azcontainerregistry.AuthenticationClientExchangeAADAccessTokenForACRRefreshTokenResponse{}, err
	}
	return client.ExchangeAADAccessTokenForACRRefreshToken(ctx, grantType, service, options)
}
