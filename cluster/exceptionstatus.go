package cluster

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/reload"
)

// exceptionStatus writes down whether PolicyExceptions count. It looks again when their policy changes, and when they end.
type exceptionStatus struct {
	client client.Client
	store  *reload.Store
	now    func() time.Time
}

// Reconcile implements reconcile.Reconciler.
func (r *exceptionStatus) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	e := &v1alpha1.PolicyException{}
	if err := r.client.Get(ctx, req.NamespacedName, e); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if behind, err := r.behind(ctx, e.Spec.Policy); err != nil || behind {
		return reconcile.Result{RequeueAfter: askAgain}, err
	}
	now := r.now()
	standing, why := r.store.Stands(e, now)
	changed := e.DeepCopy()
	changed.Status.ObservedGeneration = e.Generation
	meta.SetStatusCondition(&changed.Status.Conditions, exceptionCondition(e.Generation, standing, why))
	if !equality.Semantic.DeepEqual(e.Status, changed.Status) {
		if result, err := written(r.client.Status().Update(ctx, changed)); err != nil || result.RequeueAfter > 0 {
			return result, err
		}
	}
	if left := e.Spec.Until.Sub(now); standing == reload.InForce && left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	return reconcile.Result{}, nil
}

// behind reports whether the store has not heard yet of what became of a policy.
func (r *exceptionStatus) behind(ctx context.Context, name string) (bool, error) {
	p := &v1alpha1.SourcePolicy{}
	err := r.client.Get(ctx, client.ObjectKey{Name: name}, p)
	switch {
	case apierrors.IsNotFound(err):
		return r.store.Policies().Find(name) != nil && !r.store.FromFile(name), nil
	case err != nil:
		return false, err
	}
	return r.store.Outcome(p).State == reload.Unknown, nil
}

func exceptionCondition(generation int64, standing reload.Standing, why string) metav1.Condition {
	c := metav1.Condition{
		Type: readyCondition, Status: metav1.ConditionFalse, ObservedGeneration: generation,
		Message: conditionMessage(why),
	}
	switch standing {
	case reload.InForce:
		c.Status, c.Reason = metav1.ConditionTrue, "InForce"
	case reload.Expired:
		c.Reason = "Expired"
	case reload.NoPolicy:
		c.Reason = "PolicyNotFound"
	case reload.NotAccepted:
		c.Reason = "NotAccepted"
	default:
		c.Reason = "InvalidException"
	}
	return c
}
