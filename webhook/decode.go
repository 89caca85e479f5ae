package webhook

import (
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
)

// decode reads the objects of a review. Only creations and updates of kinds that Fluxgate knows reach it through the
// shipped webhook configurations; anything else is a fault of the configuration and is refused.
func decode(raw admission.Request) (gate.Request, error) {
	req := gate.Request{Operation: gate.Operation(raw.Operation), DryRun: raw.DryRun != nil && *raw.DryRun}
	if raw.Operation != admissionv1.Create && raw.Operation != admissionv1.Update {
		return req, fmt.Errorf("operation %q is not reviewed, only CREATE and UPDATE are: mend the webhook configuration", raw.Operation)
	}
	var err error
	read := &reader{}
	if req.Object, err = read.object(raw.Object, raw); err != nil {
		return req, fmt.Errorf("request.object: %w", err)
	}
	if raw.Operation == admissionv1.Update {
		if req.Old, err = read.object(raw.OldObject, raw); err != nil {
			return req, fmt.Errorf("request.oldObject: %w", err)
		}
	}
	return req, nil
}

func (r *reader) object(from runtime.RawExtension, raw admission.Request) (*unstructured.Unstructured, error) {
	if len(from.Raw) == 0 {
		return nil, errors.New("is missing")
	}
	obj, err := r.parse(from.Raw)
	if err != nil {
		return nil, fmt.Errorf("is no Kubernetes object: %w", err)
	}
	if !flux.Known(obj.GroupVersionKind()) {
		return nil, fmt.Errorf("%s is no kind that Fluxgate reviews: mend the webhook configuration", obj.GroupVersionKind())
	}
	switch obj.GetNamespace() {
	case raw.Namespace:
	case "":
		obj.SetNamespace(raw.Namespace)
	default:
		return nil, fmt.Errorf("its namespace is %q, the request's is %q", obj.GetNamespace(), raw.Namespace)
	}
	return obj, nil
}
