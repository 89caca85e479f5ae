package diagnose

import (
	"context"
	"errors"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// ErrNotGiven is what a reader returns, wrapped, of a Secret or ServiceAccount that cannot be known here: it is not among the
// files, or is encrypted. It may well be in the cluster.
var ErrNotGiven = errors.New("it is not among the files")

// Logins log in as Flux does, with what can be had of it here. What cannot is stood in for by the login of whoever runs the
// diagnosis: what is not given, and the cloud identity of source-controller's own pod.
type Logins struct {
	// Secrets and ServiceAccounts must not be nil. Their errors may wrap ErrNotGiven.
	Secrets         registry.SecretReader
	ServiceAccounts registry.ServiceAccountReader
	// Cloud logs in by the identity of a ServiceAccount; nil where none can be had.
	Cloud registry.Cloud
	// Own is the login that stands in. It is never sent by way of the object's certificates and proxy, which a stranger may
	// have written: those of its own must do.
	Own registry.Credentials
}

var _ registry.Credentials = Logins{}

// For returns the login of a source, or the one that stands in for it.
func (l Logins) For(ctx context.Context, source flux.Source) (registry.Login, error) {
	if l.borrows(source) {
		return l.Own.For(ctx, source)
	}
	login, err := l.object().For(ctx, source)
	if errors.Is(err, ErrNotGiven) {
		return l.Own.For(ctx, source)
	}
	return login, err
}

func (l Logins) object() registry.ObjectCredentials {
	return registry.ObjectCredentials{Secrets: l.Secrets, ServiceAccounts: l.ServiceAccounts, Cloud: l.Cloud}
}

// borrows holds for an identity of a cloud that cannot be had here.
func (l Logins) borrows(source flux.Source) bool {
	ofCloud := source.Provider != sourceGeneric && source.Provider == source.Repository.Cloud()
	return ofCloud && source.SecretRef == "" && (l.Cloud == nil || source.ServiceAccountName == "")
}

// sourceGeneric is the provider of a source that no cloud's identity is for.
const sourceGeneric = "generic"

// part is what one field of a source names.
type part struct {
	field string // "secretRef"
	named string // "Secret apps/pull"
	only  flux.Source
}

// parts takes a source apart, so that each of its Secrets is looked at whatever is wrong with the others.
func parts(source flux.Source) []part {
	none := source
	none.Provider = sourceGeneric
	none.SecretRef, none.ServiceAccountName, none.CertSecretRef, none.ProxySecretRef = "", "", "", ""
	var all []part
	add := func(field, kind, name string, set func(*flux.Source)) {
		if name != "" {
			only := none
			set(&only)
			all = append(all, part{field: field, named: kind + " " + qualified(source.Namespace, name), only: only})
		}
	}
	add("secretRef", "Secret", source.SecretRef, func(s *flux.Source) { s.SecretRef = source.SecretRef })
	add("serviceAccountName", "ServiceAccount", source.ServiceAccountName,
		func(s *flux.Source) { s.ServiceAccountName = source.ServiceAccountName })
	add("certSecretRef", "Secret", source.CertSecretRef, func(s *flux.Source) { s.CertSecretRef = source.CertSecretRef })
	add("proxySecretRef", "Secret", source.ProxySecretRef, func(s *flux.Source) { s.ProxySecretRef = source.ProxySecretRef })
	return all
}

// absent names what a reader was not given.
func (p part) absent() string {
	if p.field == "serviceAccountName" {
		return p.named + ", or one of its imagePullSecrets,"
	}
	return p.named
}

func qualified(namespace, name string) string { return flux.Plain(namespace) + "/" + flux.Plain(name) }

// watched reads, and remembers what came of it.
type watched struct {
	Logins
	// unread is why something could not be read; missing, that something does not exist.
	unread  error
	missing bool
}

var (
	_ registry.SecretReader         = (*watched)(nil)
	_ registry.ServiceAccountReader = (*watched)(nil)
)

// ReadSecret implements registry.SecretReader.
func (w *watched) ReadSecret(ctx context.Context, namespace, name string) (*registry.Secret, error) {
	secret, err := w.Secrets.ReadSecret(ctx, namespace, name)
	w.note(secret == nil, err)
	return secret, err
}

// ReadServiceAccount implements registry.ServiceAccountReader.
func (w *watched) ReadServiceAccount(ctx context.Context, namespace, name string) (*registry.ServiceAccount, error) {
	account, err := w.ServiceAccounts.ReadServiceAccount(ctx, namespace, name)
	w.note(account == nil, err)
	return account, err
}

func (w *watched) note(none bool, err error) {
	switch {
	case err == nil:
		w.missing = w.missing || none
	case !errors.Is(err, ErrNotGiven):
		w.unread = err
	}
}
