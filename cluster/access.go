package cluster

import (
	"context"
	"errors"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// The verbs that are asked for, on a SourcePolicy by its name.
const (
	verbBypass = "bypass"
	// verbNobodyGrants is granted by a wildcard only.
	verbNobodyGrants = "bypass-by-wildcard"
)

// Creator is what SubjectAccessReviews are asked by; every client of controller-runtime is one.
type Creator interface {
	Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error
}

// Access asks the API server what users may do. It keeps no answer: a right that is taken away is gone with the next request.
type Access struct{ Live Creator }

// Bypass reports whether the user holds the verb bypass on a SourcePolicy. Its error means that this could not be told.
func (a Access) Bypass(ctx context.Context, user authenticationv1.UserInfo, policy string) (bool, error) {
	return a.may(ctx, user, verbBypass, policy)
}

// BypassByName reports the same of users to whom somebody granted that verb, and not only all verbs at once. Flux's own
// controllers and every cluster administrator hold all verbs by a wildcard: if that counted, no policy would ever bind what
// Flux applies. So whoever holds a verb too that nobody would ever name holds them all, and does not count.
func (a Access) BypassByName(ctx context.Context, user authenticationv1.UserInfo, policy string) (bool, error) {
	may, err := a.may(ctx, user, verbBypass, policy)
	if err != nil || !may {
		return false, err
	}
	all, err := a.may(ctx, user, verbNobodyGrants, policy)
	return err == nil && !all, err
}

// may asks one question. A no that comes with an error of an authorizer is none: another one might have said yes, and to the
// question about the verb that nobody grants, yes is the answer that keeps users out.
func (a Access) may(ctx context.Context, user authenticationv1.UserInfo, verb, policy string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, UID: user.UID, Groups: user.Groups, Extra: extra(user.Extra),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version, Resource: "sourcepolicies", Name: policy, Verb: verb,
		},
	}}
	if err := a.Live.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking whether the user may %s sourcepolicies/%s: %w", verb, policy, err)
	}
	status := review.Status
	if !status.Allowed && status.EvaluationError != "" {
		return false, fmt.Errorf("asking whether the user may %s sourcepolicies/%s: %w", verb, policy, errors.New(status.EvaluationError))
	}
	return status.Allowed && !status.Denied, nil
}

// extra is what the API server knows of the user besides, in the type in which it is asked.
func extra(of map[string]authenticationv1.ExtraValue) map[string]authorizationv1.ExtraValue {
	if len(of) == 0 {
		return nil
	}
	all := make(map[string]authorizationv1.ExtraValue, len(of))
	for key, values := range of {
		all[key] = authorizationv1.ExtraValue(values)
	}
	return all
}
