package webhook

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
)

// Guard judges a change of a Namespace's labels.
type Guard interface {
	GuardNamespace(ctx context.Context, change gate.NamespaceChange) gate.Decision
}

// namespace answers an update of a Namespace, through whatever subresource: labels can be changed by /status and /finalize
// as well.
func (o Options) namespace(ctx context.Context, raw admission.Request) (admission.Response, gate.Decision, error) {
	change, err := decodeNamespace(raw)
	if err != nil {
		return admission.Response{}, gate.Decision{}, err
	}
	change.Bypass = o.byAnyRight(raw.UserInfo)
	decision := o.Guard.GuardNamespace(ctx, change)
	return respond(decision), decision, nil
}

// decodeNamespace reads nothing but the names and the labels. A Namespace that is being deleted is judged like any other:
// until it is gone, its objects can be changed.
func decodeNamespace(raw admission.Request) (gate.NamespaceChange, error) {
	change := gate.NamespaceChange{Name: raw.Name}
	if raw.Operation != admissionv1.Update {
		return change, fmt.Errorf("operation %q is not reviewed, only UPDATE is: mend the webhook configuration", raw.Operation)
	}
	var err error
	read := &reader{}
	if change.Is, err = read.labels(raw.Object, raw.Name); err != nil {
		return change, fmt.Errorf("request.object: %w", err)
	}
	if change.Was, err = read.labels(raw.OldObject, raw.Name); err != nil {
		return change, fmt.Errorf("request.oldObject: %w", err)
	}
	return change, nil
}

func (r *reader) labels(from runtime.RawExtension, name string) (map[string]string, error) {
	if len(from.Raw) == 0 {
		return nil, errors.New("is missing")
	}
	obj, err := r.parse(from.Raw)
	if err != nil {
		return nil, fmt.Errorf("is no Kubernetes object: %w", err)
	}
	if kind := obj.GroupVersionKind(); kind.Group != "" || kind.Kind != "Namespace" {
		return nil, fmt.Errorf("%s is no Namespace: mend the webhook configuration", kind)
	}
	if obj.GetName() != name {
		return nil, fmt.Errorf("its name is %q, the request's is %q", obj.GetName(), name)
	}
	labels, _, err := unstructured.NestedStringMap(obj.Object, "metadata", "labels")
	if err != nil {
		return nil, &flux.ObjectError{Path: "metadata.labels", Message: "must be strings by name"}
	}
	return labels, nil
}
