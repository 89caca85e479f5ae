package cluster

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/reload"
)

// WriteStatuses keeps the statuses of SourcePolicies and PolicyExceptions up, on every replica.
func WriteStatuses(mgr manager.Manager, store *reload.Store) error {
	// Statuses come after reviews: neither controller waits for a leader, nor is it any hurry to be ready.
	options := controller.Options{NeedLeaderElection: ptr.To(false), MaxConcurrentReconciles: 1}
	err := builder.ControllerManagedBy(mgr).Named("sourcepolicy").For(&v1alpha1.SourcePolicy{}).WithOptions(options).
		Complete(&policyStatus{client: mgr.GetClient(), store: store})
	if err != nil {
		return fmt.Errorf("status of SourcePolicies: %w", err)
	}
	err = builder.ControllerManagedBy(mgr).Named("policyexception").For(&v1alpha1.PolicyException{}).WithOptions(options).
		Watches(&v1alpha1.SourcePolicy{}, handler.EnqueueRequestsFromMapFunc(exceptionsOf(mgr.GetCache()))).
		Complete(&exceptionStatus{client: mgr.GetClient(), store: store, now: time.Now})
	if err != nil {
		return fmt.Errorf("status of PolicyExceptions: %w", err)
	}
	return nil
}

// exceptionsOf finds the exceptions that name a policy.
func exceptionsOf(reader client.Reader) handler.MapFunc {
	return func(ctx context.Context, p client.Object) []reconcile.Request {
		all := &v1alpha1.PolicyExceptionList{}
		if err := reader.List(ctx, all, client.UnsafeDisableDeepCopy); err != nil {
			return nil // the cache has them all, or the process is ending
		}
		var requests []reconcile.Request
		for i := range all.Items {
			if all.Items[i].Spec.Policy == p.GetName() {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
			}
		}
		return requests
	}
}
