package webhook

import (
	"context"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// exception refuses a PolicyException that is malformed, that its policy does not accept, or that ends before it begins.
func (o Options) exception(ctx context.Context, a authoring) (admission.Response, gate.Decision) {
	spec, err := specOf[v1alpha1.PolicyExceptionSpec](a.now.Spec, maxExceptionSpec)
	if err != nil {
		return invalid(ctx, err)
	}
	e, err := policy.CompileException(&v1alpha1.PolicyException{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: a.now.Metadata.Namespace, Name: a.now.Metadata.Name, CreationTimestamp: a.created(),
		},
		Spec: spec,
	})
	if err != nil {
		return invalid(ctx, err)
	}
	now := o.Now()
	until := e.Until.UTC().Format(time.RFC3339)
	if !e.Active(now) && a.was == nil {
		return forbidden(ctx, fmt.Sprintf("spec.until: %s has passed, so that the exception would never count; set a later time, or remove the exception", until))
	}
	var doubts []string
	switch p := o.Policies().Find(e.Policy); {
	case p == nil:
		doubts = append(doubts, "spec.policy: there is no SourcePolicy "+flux.Plain(e.Policy)+" yet; the exception counts once there is one that accepts it")
	case p.Broken() != nil:
		doubts = append(doubts, "spec.policy: the SourcePolicy "+flux.Plain(e.Policy)+" is broken; the exception counts once it is mended and accepts it")
	default:
		if why := p.Refuses(e, now); why != "" {
			return forbidden(ctx, why)
		}
	}
	if !e.Active(now) {
		doubts = append(doubts, "spec.until: "+until+" has passed, so that the exception counts no more")
	}
	return admitted(doubts)
}

// created is when the exception was created. Where the API server has not said so yet it is zero, and now counts.
func (a authoring) created() metav1.Time {
	if a.was != nil {
		return a.was.Metadata.CreationTimestamp
	}
	return a.now.Metadata.CreationTimestamp
}

// forbidden refuses what a policy does not accept, in its words.
func forbidden(ctx context.Context, why string) (admission.Response, gate.Decision) {
	logRefusal(ctx, http.StatusForbidden, why)
	decision := gate.Decision{Verdict: gate.Deny}
	response := refused(http.StatusForbidden, metav1.StatusReasonForbidden, why)
	response.AuditAnnotations = auditAnnotations(decision)
	return response, decision
}
