package cluster_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/cluster"
)

// authorizer answers SubjectAccessReviews by verb. What it has no answer to must not be asked, and nothing else created.
type authorizer struct {
	t       *testing.T
	answers map[string]any // an authorizationv1.SubjectAccessReviewStatus or an error
	asked   []authorizationv1.SubjectAccessReviewSpec
}

func (a *authorizer) Create(_ context.Context, obj client.Object, _ ...client.CreateOption) error {
	review, isReview := obj.(*authorizationv1.SubjectAccessReview)
	if !isReview || review.Spec.ResourceAttributes == nil {
		a.t.Errorf("%T was created, which no question needs", obj)
		return errDown
	}
	a.asked = append(a.asked, review.Spec)
	switch answer := a.answers[review.Spec.ResourceAttributes.Verb].(type) {
	case authorizationv1.SubjectAccessReviewStatus:
		review.Status = answer
		return nil
	case error:
		return answer
	default:
		a.t.Errorf("it was asked for the verb %s, which this test does not expect", review.Spec.ResourceAttributes.Verb)
		return errDown
	}
}

func TestWhoMayBypass(t *testing.T) {
	yes, no := authorizationv1.SubjectAccessReviewStatus{Allowed: true}, authorizationv1.SubjectAccessReviewStatus{}
	unsure := authorizationv1.SubjectAccessReviewStatus{EvaluationError: "the other authorizer is down"}
	type answer struct {
		May, Known bool
		Asked      []string
	}
	const bypass, probe = "bypass", "bypass-by-wildcard"
	tests := map[string]struct {
		answers     map[string]any
		any, byName answer
	}{
		"the right by name": {map[string]any{bypass: yes, probe: no},
			answer{true, true, []string{bypass}}, answer{true, true, []string{bypass, probe}}},
		"every right by a wildcard": {map[string]any{bypass: yes, probe: yes},
			answer{true, true, []string{bypass}}, answer{false, true, []string{bypass, probe}}},
		"no right": {map[string]any{bypass: no},
			answer{false, true, []string{bypass}}, answer{false, true, []string{bypass}}},
		"a right that is denied outright": {map[string]any{bypass: authorizationv1.SubjectAccessReviewStatus{Allowed: true, Denied: true}},
			answer{false, true, []string{bypass}}, answer{false, true, []string{bypass}}},
		"an API server that is down": {map[string]any{bypass: errDown},
			answer{false, false, []string{bypass}}, answer{false, false, []string{bypass}}},
		"an API server that goes down between": {map[string]any{bypass: yes, probe: errDown},
			answer{true, true, []string{bypass}}, answer{false, false, []string{bypass, probe}}},
		"an authorizer that could not tell": {map[string]any{bypass: unsure},
			answer{false, false, []string{bypass}}, answer{false, false, []string{bypass}}},
		"an authorizer that could not tell of the wildcard": {map[string]any{bypass: yes, probe: unsure},
			answer{true, true, []string{bypass}}, answer{false, false, []string{bypass, probe}}},
		"a yes beside the error of another authorizer": {
			map[string]any{bypass: authorizationv1.SubjectAccessReviewStatus{Allowed: true, EvaluationError: "down"}, probe: no},
			answer{true, true, []string{bypass}}, answer{true, true, []string{bypass, probe}}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			for how, want := range map[string]answer{"by any right": test.any, "by name": test.byName} {
				a := &authorizer{t: t, answers: test.answers}
				ask := cluster.Access{Live: a}.Bypass
				if how == "by name" {
					ask = cluster.Access{Live: a}.BypassByName
				}
				may, err := ask(t.Context(), authenticationv1.UserInfo{Username: "eve"}, "production")
				got := answer{May: may, Known: err == nil}
				for _, spec := range a.asked {
					got.Asked = append(got.Asked, spec.ResourceAttributes.Verb)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestTheQuestionIsAboutThatUserAndThatPolicy(t *testing.T) {
	a := &authorizer{t: t, answers: map[string]any{"bypass": authorizationv1.SubjectAccessReviewStatus{}}}
	user := authenticationv1.UserInfo{
		Username: "eve", UID: "7", Groups: []string{"system:authenticated"}, Extra: map[string]authenticationv1.ExtraValue{"scopes": {"a", "b"}},
	}
	if _, err := (cluster.Access{Live: a}).BypassByName(t.Context(), user, "production"); err != nil {
		t.Fatal(err)
	}
	want := []authorizationv1.SubjectAccessReviewSpec{{
		User: "eve", UID: "7", Groups: []string{"system:authenticated"}, Extra: map[string]authorizationv1.ExtraValue{"scopes": {"a", "b"}},
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Group: "fluxgate.dev", Version: "v1alpha1", Resource: "sourcepolicies", Name: "production", Verb: "bypass",
		},
	}}
	if diff := cmp.Diff(want, a.asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

func TestAnErrorSaysWhatWasAsked(t *testing.T) {
	a := &authorizer{t: t, answers: map[string]any{"bypass": errDown}}
	_, err := cluster.Access{Live: a}.Bypass(t.Context(), authenticationv1.UserInfo{}, "production")
	if want := "asking whether the user may bypass sourcepolicies/production: connection refused"; !errors.Is(err, errDown) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
