package webhook

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/fluxgate/fluxgate/gate"
)

// Access tells which policies a user may bypass. An error means that it could not be told, which counts as no.
type Access interface {
	// Bypass reports whether the user may bypass the policy, whatever gives him the right.
	Bypass(ctx context.Context, user authenticationv1.UserInfo, policy string) (bool, error)
	// BypassByName reports whether he was given that right as such, and not only together with every other.
	BypassByName(ctx context.Context, user authenticationv1.UserInfo, policy string) (bool, error)
}

// byName asks, for objects of Flux's, whether the user was given the right as such: Flux's own controllers apply what tenants
// write, and hold every verb by a wildcard.
func (o Options) byName(user authenticationv1.UserInfo) gate.Bypass {
	if o.Access == nil {
		return nil
	}
	return func(ctx context.Context, policy string) (bool, error) {
		return o.Access.BypassByName(ctx, user, policy)
	}
}

// byAnyRight asks, for Namespaces, whether the user has the right whatever gives it to him: whoever may do everything in the
// cluster may move a namespace from one policy to another, as a controller of Flux does on behalf of those who own it.
func (o Options) byAnyRight(user authenticationv1.UserInfo) gate.Bypass {
	if o.Access == nil {
		return nil
	}
	return func(ctx context.Context, policy string) (bool, error) { return o.Access.Bypass(ctx, user, policy) }
}
