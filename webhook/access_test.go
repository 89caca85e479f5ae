package webhook_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/webhook"
)

// access writes down what it was asked, and answers with may or err.
type access struct {
	asked []string
	may   bool
	err   error
}

func (a *access) Bypass(_ context.Context, user authenticationv1.UserInfo, policy string) (bool, error) {
	return a.answer("any right", user, policy)
}

func (a *access) BypassByName(_ context.Context, user authenticationv1.UserInfo, policy string) (bool, error) {
	return a.answer("by name", user, policy)
}

func (a *access) answer(how string, user authenticationv1.UserInfo, policy string) (bool, error) {
	a.asked = append(a.asked, user.Username+" of "+strings.Join(user.Groups, "+")+" on "+policy+", "+how)
	return a.may, a.err
}

// asking is a gate that asks whether the user may bypass the policy prod, as far as anybody may.
type asking struct{ bypass []gate.Bypass }

func (a *asking) ask(ctx context.Context, bypass gate.Bypass) gate.Decision {
	a.bypass = append(a.bypass, bypass)
	if bypass == nil {
		return gate.Decision{Verdict: gate.Deny}
	}
	if may, err := bypass(ctx, "prod"); !may || err != nil {
		return gate.Decision{Verdict: gate.Deny}
	}
	return gate.Decision{Verdict: gate.Warn, Bypassed: []string{"prod"}}
}

func (a *asking) Validate(ctx context.Context, req gate.Request) (gate.Decision, error) {
	return a.ask(ctx, req.Bypass), nil
}

func (a *asking) Mutate(ctx context.Context, req gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	a.ask(ctx, req.Bypass)
	return req.Object, gate.Decision{Verdict: gate.Allow}, nil
}

func (a *asking) GuardNamespace(ctx context.Context, change gate.NamespaceChange) gate.Decision {
	return a.ask(ctx, change.Bypass)
}

// as puts a user into a review.
func as(user string, body []byte) []byte {
	return []byte(strings.Replace(string(body), `"uid":"u1"`, `"uid":"u1","userInfo":{"username":"`+user+`","groups":["a","b"]}`, 1))
}

func TestEachDoorAsksForTheRightThatCountsThere(t *testing.T) {
	shop := `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`
	tests := map[string]struct {
		path string
		body []byte
		want string
	}{
		"whoever writes a Flux object must have been given the right by name":  {webhook.ValidatePath, review("CREATE", app, ""), "by name"},
		"so must he for the mutating call":                                     {webhook.MutatePath, review("CREATE", app, ""), "by name"},
		"whoever moves a namespace may have it together with all other rights": {webhook.NamespacesPath, namespaceReview("UPDATE", shop, shop), "any right"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			for may, answer := range map[string]*access{"held": {may: true}, "not held": {}, "not known": {may: true, err: errors.New("away")}} {
				g := &asking{}
				server, _ := serveWith(t, webhook.Options{Reviewer: g, Guard: g, Access: answer})
				got := post(t, server.URL+test.path, "application/json", as("eve", test.body))
				if diff := cmp.Diff([]string{"eve of a+b on prod, " + test.want}, answer.asked); diff != "" {
					t.Errorf("%s: asked (-want +got):\n%s", may, diff)
				}
				if allowed := may == "held" || test.path == webhook.MutatePath; got.Allowed != allowed {
					t.Errorf("%s: allowed %t, want %t", may, got.Allowed, allowed)
				}
			}
		})
	}
}

func TestWithoutAccessNobodyBypassesAnything(t *testing.T) {
	g := &asking{}
	server, _ := serveWith(t, webhook.Options{Reviewer: g, Guard: g})
	if got := post(t, server.URL+webhook.ValidatePath, "application/json", review("CREATE", app, "")); got.Allowed || g.bypass[0] != nil {
		t.Errorf("allowed %t, %d questions", got.Allowed, len(g.bypass))
	}
}
