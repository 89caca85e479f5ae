package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/fluxgate/fluxgate/flux"
)

// Cloud logs in at the registries of clouds, with an identity instead of a password.
type Cloud interface {
	// Login gets a login for the registry of the identity's repository. It is asked when the registry is, within the
	// same deadline, and may remember what it got until that expires. Its error holds no secret.
	Login(ctx context.Context, identity Identity) (authn.AuthConfig, error)
}

// Identity is who logs in at a cloud, and where.
type Identity struct {
	// Provider is aws, azure or gcp, and Repository is in a registry of that cloud.
	Provider   string
	Repository flux.Repository
	// Account is the ServiceAccount of Namespace called Name whose identity it is; nil means Fluxgate's own.
	Account         *ServiceAccount
	Namespace, Name string
}

// ID tells identities apart, wherever they log in. It holds the annotations only as a hash.
func (i Identity) ID() string {
	if i.Account == nil {
		return i.Provider + ":own"
	}
	fields := []string{i.Namespace, i.Name}
	for _, key := range slices.Sorted(maps.Keys(i.Account.Annotations)) {
		fields = append(fields, key, i.Account.Annotations[key])
	}
	return i.Provider + ":" + fingerprint(fields...)
}

// cloudLogin is the login of a source with a provider. An identity is never shown to a host that is not the cloud's, and
// Fluxgate's own never over a connection on which a tenant could read it.
func (o ObjectCredentials) cloudLogin(
	ctx context.Context, source flux.Source, account *ServiceAccount, transport Transport,
) (Login, error) {
	if source.ServiceAccountName == "" && o.DefaultAccount != "" {
		source.ServiceAccountName = o.DefaultAccount
		var err error
		if account, err = o.account(ctx, source); err != nil {
			return Login{}, err
		}
	}
	identity := Identity{
		Provider: source.Provider, Repository: source.Repository,
		Account: account, Namespace: source.Namespace, Name: source.ServiceAccountName,
	}
	if err := o.permit(source, identity, transport); err != nil {
		return Login{}, err
	}
	return Login{Keychain: cloudKeychain{cloud: o.Cloud, source: source, identity: identity}, ID: identity.ID()}, nil
}

func (o ObjectCredentials) permit(source flux.Source, identity Identity, transport Transport) error {
	own := identity.Account == nil
	switch {
	case source.Repository.Cloud() != source.Provider:
		return credentialsError(source, "its provider is not that of the host; remove it, or write the host of a registry of that cloud", nil)
	case o.Cloud == nil:
		return credentialsError(source, "no identity for its provider can be had here; use secretRef", nil)
	case own && !o.OwnIdentity:
		return credentialsError(source, "Fluxgate's own identity is not used for it; name a ServiceAccount that has an identity "+
			"of the cloud in serviceAccountName, or let an administrator start Fluxgate with --own-cloud-identity", nil)
	case own && (transport.ID != "" || source.Insecure):
		return credentialsError(source, "Fluxgate's own identity is not sent by way of certSecretRef, proxySecretRef or insecure; "+
			"remove them, or name the identity's ServiceAccount in serviceAccountName", nil)
	}
	return nil
}

// cloudKeychain logs in at the cloud when it is asked.
type cloudKeychain struct {
	cloud    Cloud
	source   flux.Source
	identity Identity
}

var _ authn.ContextKeychain = cloudKeychain{}

func (k cloudKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext returns an *Error of ClassIdentity, or of ClassTimeout, where the cloud gave no login.
func (k cloudKeychain) ResolveContext(ctx context.Context, _ authn.Resource) (authn.Authenticator, error) {
	login, err := k.cloud.Login(ctx, k.identity)
	if err == nil {
		return authn.FromConfig(login), nil
	}
	var refused *refusedError
	if errors.As(err, &refused) { // Azure's registries exchange the login themselves
		return nil, &Error{Class: ClassRefused, Reference: reference(k.source), Advice: advice(ClassRefused, err), Err: detail(err)}
	}
	failure := &Error{Class: ClassIdentity, Reference: reference(k.source), Advice: "the cloud gave no login; " + k.advice(), Err: detail(err)}
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		failure.Class = ClassTimeout
		failure.Advice = "the cloud gave no login in time; where it never does, " + k.advice()
	}
	return nil, failure
}

// advice names whose identity it is, and what to look at.
func (k cloudKeychain) advice() string {
	if k.identity.Account == nil {
		return "bind an identity of the cloud to Fluxgate's pods, or name a ServiceAccount that has one in serviceAccountName"
	}
	return fmt.Sprintf("look at the annotations of %s, at its role in the cloud, and whether Fluxgate may create its tokens", accountName(k.source))
}
