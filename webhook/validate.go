package webhook

import (
	"context"
	"net/http"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/gate"
)

// validate judges the final object.
func (o Options) validate(ctx context.Context, req gate.Request) (admission.Response, gate.Decision) {
	decision, err := o.Reviewer.Validate(ctx, req)
	if err != nil {
		return badObject(err), decision
	}
	return respond(decision), decision
}

// respond is all that the API server is told of a decision.
func respond(d gate.Decision) admission.Response {
	response := answer(d)
	response.Warnings = warnings(d)
	response.AuditAnnotations = auditAnnotations(d)
	return response
}

// answer maps the verdict to the status that the user sees.
func answer(d gate.Decision) admission.Response {
	switch d.Verdict {
	case gate.Allow, gate.Warn:
		return admission.Allowed("")
	case gate.Deny:
		return refused(http.StatusForbidden, metav1.StatusReasonForbidden, denialText(d))
	default:
		return refused(http.StatusInternalServerError, metav1.StatusReasonInternalError, undecidedText(d))
	}
}

// badObject answers an object that Flux's own schema would refuse, or that cannot be read.
func badObject(err error) admission.Response {
	return refused(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, err.Error())
}

func refused(code int32, reason metav1.StatusReason, message string) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: false,
		Result:  &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message},
	}}
}
