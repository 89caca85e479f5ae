package cluster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/reload"
)

// FeedPolicies tells a store every SourcePolicy and PolicyException of the cluster, and what becomes of them. The function
// that it returns reports whether the store has heard of all that there were at the start.
func FeedPolicies(ctx context.Context, c cache.Cache, store *reload.Store) (fed func() bool, err error) {
	policies, err := feed(ctx, c, &v1alpha1.SourcePolicy{}, func(obj any) {
		if p, ok := obj.(*v1alpha1.SourcePolicy); ok {
			store.PutPolicy(p)
		}
	}, func(key types.NamespacedName) { store.DeletePolicy(key.Name) })
	if err != nil {
		return nil, err
	}
	exceptions, err := feed(ctx, c, &v1alpha1.PolicyException{}, func(obj any) {
		if e, ok := obj.(*v1alpha1.PolicyException); ok {
			store.PutException(e)
		}
	}, store.DeleteException)
	if err != nil {
		return nil, err
	}
	return func() bool { return policies.HasSynced() && exceptions.HasSynced() }, nil
}

// feed calls put for each object that there is or that changes, one after the other, and remove for each that is gone.
func feed(
	ctx context.Context, c cache.Cache, kind client.Object, put func(any), remove func(types.NamespacedName),
) (toolscache.ResourceEventHandlerRegistration, error) {
	informer, err := c.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching %T: %w; are Fluxgate's CRDs installed?", kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    put,
		UpdateFunc: func(_, obj any) { put(obj) },
		DeleteFunc: func(obj any) {
			if last, missed := obj.(toolscache.DeletedFinalStateUnknown); missed {
				obj = last.Obj
			}
			if gone, ok := obj.(client.Object); ok {
				remove(client.ObjectKeyFromObject(gone))
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watching %T: %w", kind, err)
	}
	return registration, nil
}
