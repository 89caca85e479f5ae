package webhook

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/gate"
)

// mutate answers with the patch that turns the object into the one that should be stored. It refuses only objects that
// are bad in themselves: what the registry could not tell is the validating call's to judge.
func (o Options) mutate(ctx context.Context, req gate.Request) (admission.Response, gate.Decision) {
	mutated, decision, err := o.Reviewer.Mutate(ctx, req)
	if err != nil {
		return badObject(err), decision
	}
	response := admission.Allowed("")
	if mutated != req.Object {
		if response, err = patch(req.Object, mutated); err != nil {
			return admission.Errored(http.StatusInternalServerError, err), decision
		}
	}
	response.Warnings = mutationWarnings(decision)
	response.AuditAnnotations = auditAnnotations(decision)
	return response, decision
}

// patch is the difference between the reviewed part of the object and what it becomes. The parts that are not reviewed are
// in neither, so no operation touches them.
func patch(was, is *unstructured.Unstructured) (admission.Response, error) {
	before, err := was.MarshalJSON()
	if err != nil {
		return admission.Response{}, fmt.Errorf("encoding the object: %w", err)
	}
	after, err := is.MarshalJSON()
	if err != nil {
		return admission.Response{}, fmt.Errorf("encoding the mutated object: %w", err)
	}
	return admission.PatchResponseFromRaw(before, after), nil
}
