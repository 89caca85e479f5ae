package cluster

import (
	"context"
	"strings"
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

const (
	// readyCondition is the one condition of both kinds.
	readyCondition = "Ready"
	// maxConditionMessage is what metav1.Condition admits, in bytes.
	maxConditionMessage = 32768
	// askAgain is how soon a change is looked for that the store has not heard of yet.
	askAgain = 50 * time.Millisecond
)

// policyStatus writes down what became of SourcePolicies. Every replica does; they come to the same, so that who is second
// has nothing to write.
type policyStatus struct {
	client client.Client
	store  *reload.Store
}

// Reconcile implements reconcile.Reconciler.
func (r *policyStatus) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	p := &v1alpha1.SourcePolicy{}
	if err := r.client.Get(ctx, req.NamespacedName, p); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	outcome := r.store.Outcome(p)
	if outcome.State == reload.Unknown {
		return reconcile.Result{RequeueAfter: askAgain}, nil
	}
	changed := p.DeepCopy()
	changed.Status.ObservedGeneration = p.Generation
	changed.Status.InForce = outcome.InForce
	meta.SetStatusCondition(&changed.Status.Conditions, policyCondition(p.Generation, outcome))
	if equality.Semantic.DeepEqual(p.Status, changed.Status) {
		return reconcile.Result{}, nil
	}
	return written(r.client.Status().Update(ctx, changed))
}

// written reads a conflict as "look again": another replica was first, or the cache is behind.
func written(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: askAgain}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}

func policyCondition(generation int64, outcome reload.Outcome) metav1.Condition {
	c := metav1.Condition{Type: readyCondition, Status: metav1.ConditionFalse, ObservedGeneration: generation}
	switch outcome.State {
	case reload.Current:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "InForce", "the policy is in force"
	case reload.LastGood:
		c.Reason = "InvalidPolicy"
		c.Message = outcome.Problem.Error() + "\nan earlier version stays in force, see status.inForce"
	case reload.Shadowed:
		c.Reason, c.Message = "NameTaken", outcome.Problem.Error()
	default:
		c.Reason = "InvalidPolicy"
		c.Message = outcome.Problem.Error() + "\nno version is in force, so what it matches is undecided"
	}
	c.Message = conditionMessage(c.Message)
	return c
}

// conditionMessage cuts a message to what a condition holds, between two characters.
func conditionMessage(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxConditionMessage)], "")
}
