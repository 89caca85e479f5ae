package controlplane

import (
	"context"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settledIn is how long the API server's own watches may take on a busy machine.
const settledIn = time.Minute

// UntilCached waits until the API server's own cache holds an object as it is stored, or no more where it is gone. Watches are served
// from that cache; and an update begins with what it holds, asks the webhooks, and begins again where that was old, so that an
// update at once after another one may ask them about what was a moment ago.
func UntilCached(ctx context.Context, admin client.Client, like client.Object) error {
	kind, err := admin.GroupVersionKindFor(like)
	if err != nil {
		return err
	}
	key := client.ObjectKeyFromObject(like)
	return settle(ctx, fmt.Sprintf("the API server's cache has %s %s as it is stored", kind.Kind, key), func() (bool, error) {
		stored, err := versionOf(ctx, admin, kind, key)
		if err != nil {
			return false, err
		}
		held, err := versionOf(ctx, admin, kind, key, &client.GetOptions{Raw: &metav1.GetOptions{ResourceVersion: "0"}})
		return held == stored, err
	})
}

// versionOf is empty for what does not exist.
func versionOf(ctx context.Context, admin client.Client, kind schema.GroupVersionKind, key client.ObjectKey, o ...client.GetOption) (string, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(kind)
	err := admin.Get(ctx, key, obj, o...)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	return obj.GetResourceVersion(), err
}

// UntilAllowed waits until the API server's authorizer knows what a user was granted: it learns of roles and bindings by watches.
func UntilAllowed(ctx context.Context, admin client.Client, user string, what authorizationv1.ResourceAttributes) error {
	return settle(ctx, fmt.Sprintf("%s may do what was granted: %+v", user, what), func() (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &what}}
		err := admin.Create(ctx, review)
		return review.Status.Allowed, err
	})
}

func settle(ctx context.Context, what string, settled func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, settledIn)
	defer cancel()
	for {
		done, err := settled()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s: %w", what, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
