package registry

import (
	"context"
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
)

// maxPullSecrets limits the Secrets that are read for one query: a tenant writes the list.
const maxPullSecrets = 16

// ServiceAccount is what a login needs of a Kubernetes ServiceAccount.
type ServiceAccount struct {
	// PullSecrets are the names of its imagePullSecrets.
	PullSecrets []string
	// Annotations say which identity it has in a cloud.
	Annotations map[string]string
}

// ServiceAccountReader reads ServiceAccounts.
type ServiceAccountReader interface {
	// ReadServiceAccount returns nil and no error where the ServiceAccount does not exist, an error only where that could
	// not be told.
	ReadServiceAccount(ctx context.Context, namespace, name string) (*ServiceAccount, error)
}

// account reads the source's ServiceAccount, which must exist; nil where the source names none.
func (o ObjectCredentials) account(ctx context.Context, source flux.Source) (*ServiceAccount, error) {
	if source.ServiceAccountName == "" {
		return nil, nil
	}
	called := accountName(source)
	account, err := o.ServiceAccounts.ReadServiceAccount(ctx, source.Namespace, source.ServiceAccountName)
	switch {
	case err != nil:
		return nil, credentialsError(source, called+" could not be read", err)
	case account == nil:
		return nil, credentialsError(source, called+" does not exist", ErrMissing)
	case len(account.PullSecrets) > maxPullSecrets:
		return nil, credentialsError(source, fmt.Sprintf("%s has more than %d imagePullSecrets", called, maxPullSecrets), nil)
	}
	return account, nil
}

// accountName names the ServiceAccount, but not to those who only refer to the source.
func accountName(source flux.Source) string {
	if source.Origin != nil {
		return "its ServiceAccount"
	}
	return fmt.Sprintf("ServiceAccount %s/%s", source.Namespace, source.ServiceAccountName)
}
