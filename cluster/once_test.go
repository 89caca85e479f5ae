package cluster_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/gate"
)

// counting notes what is read, and lets the reading of some fail for the first time.
type counting struct {
	client.Reader
	failing map[string]bool
	asked   []string
}

func (c *counting) Get(ctx context.Context, key client.ObjectKey, obj client.Object, o ...client.GetOption) error {
	what := fmt.Sprintf("%T %s", obj, key)
	c.asked = append(c.asked, what)
	if c.failing[what] {
		delete(c.failing, what)
		return errDown
	}
	return c.Reader.Get(ctx, key, obj, o...)
}

// reading is a review that does nothing but read.
type reading func(ctx context.Context)

func (r reading) Mutate(ctx context.Context, _ gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	r(ctx)
	return nil, gate.Decision{}, nil
}

func (r reading) Validate(ctx context.Context, _ gate.Request) (gate.Decision, error) {
	r(ctx)
	return gate.Decision{}, nil
}

func TestAReviewReadsEachObjectOnce(t *testing.T) {
	live := &counting{
		Reader: reader(t,
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "pull"}, Data: map[string][]byte{"a": []byte("b")}},
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "pull"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}}},
		),
		failing: map[string]bool{"*v1.Secret other/pull": true},
	}
	secrets, accounts := cluster.Secrets{Live: live}, cluster.ServiceAccounts{Live: live}
	var got []string
	say := func(of string, found bool, err error) { got = append(got, fmt.Sprintf("%s: %t %v", of, found, err)) }
	review := cluster.Once{Reviewer: reading(func(ctx context.Context) {
		for range 2 {
			secret, err := secrets.ReadSecret(ctx, "prod", "pull")
			say("secret", secret != nil && string(secret.Data["a"]) == "b", err)
			material, err := secrets.Material(ctx, "prod", "pull")
			say("material", material != nil, err)
			secret, err = secrets.ReadSecret(ctx, "prod", "none")
			say("none", secret != nil, err)
			account, err := accounts.ReadServiceAccount(ctx, "prod", "pull")
			say("account", account != nil && len(account.PullSecrets) == 1, err)
			secret, err = secrets.ReadSecret(ctx, "other", "pull")
			say("failing", secret != nil, err)
		}
	})}
	if _, err := review.Validate(t.Context(), gate.Request{}); err != nil {
		t.Fatal(err)
	}
	said := []string{
		"secret: true <nil>", "material: true <nil>", "none: false <nil>", "account: true <nil>",
		"failing: false reading secret other/pull: connection refused",
		"secret: true <nil>", "material: true <nil>", "none: false <nil>", "account: true <nil>", "failing: false <nil>",
	}
	if diff := cmp.Diff(said, got); diff != "" {
		t.Errorf("what was read (-want +got):\n%s", diff)
	}
	once := []string{
		"*v1.Secret prod/pull", "*v1.Secret prod/none", "*v1.ServiceAccount prod/pull",
		"*v1.Secret other/pull", "*v1.Secret other/pull", // a failure is not remembered
	}
	if diff := cmp.Diff(once, live.asked); diff != "" {
		t.Errorf("the API server was asked for (-want +got):\n%s", diff)
	}
	live.asked = nil
	if _, _, err := review.Mutate(t.Context(), gate.Request{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once[:4], live.asked); diff != "" {
		t.Errorf("by the next review (-want +got):\n%s", diff)
	}
}
