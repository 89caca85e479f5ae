package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	kjson "sigs.k8s.io/json"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// Limits on what is built, in bytes of text. A policy may hold modules, and has only the API server's own limit; a
// PolicyException that satisfies its schema takes half of this.
const (
	maxPolicySpec    = 3 << 20
	maxExceptionSpec = 64 << 10
)

// authored is a SourcePolicy or a PolicyException as far as it is read here. Its spec stays text until it is known that it
// must be judged.
type authored struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name              string       `json:"name"`
		Namespace         string       `json:"namespace"`
		CreationTimestamp metav1.Time  `json:"creationTimestamp"`
		DeletionTimestamp *metav1.Time `json:"deletionTimestamp"`
	} `json:"metadata"`
	Spec json.RawMessage `json:"spec"`
}

// authoring is a creation or an update of one.
type authoring struct {
	now authored
	was *authored // nil on a creation
}

// unjudged returns why the request passes without judgement, or "". What is stored may be broken, by a newer version of
// Fluxgate too, and must still lose its finalizers and get its labels.
func (a authoring) unjudged() string {
	switch {
	case a.was == nil:
		return ""
	case a.was.Metadata.DeletionTimestamp != nil:
		return "deleting"
	case bytes.Equal(a.now.Spec, a.was.Spec):
		return "unchanged"
	}
	return ""
}

// decodeAuthored reads the objects of a review.
func decodeAuthored(raw admission.Request) (authoring, error) {
	var a authoring
	if raw.Operation != admissionv1.Create && raw.Operation != admissionv1.Update {
		return a, fmt.Errorf("operation %q is not reviewed, only CREATE and UPDATE are: mend the webhook configuration", raw.Operation)
	}
	if err := a.now.decode(raw.Object, raw); err != nil {
		return a, fmt.Errorf("request.object: %w", err)
	}
	if raw.Operation == admissionv1.Update {
		a.was = &authored{}
		if err := a.was.decode(raw.OldObject, raw); err != nil {
			return a, fmt.Errorf("request.oldObject: %w", err)
		}
	}
	return a, nil
}

func (a *authored) decode(from runtime.RawExtension, raw admission.Request) error {
	if len(from.Raw) == 0 {
		return errors.New("is missing")
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(from.Raw, a); err != nil {
		return fmt.Errorf("is no Kubernetes object: %w", err)
	}
	switch kind := a.GroupVersionKind(); kind {
	case v1alpha1.GroupVersion.WithKind(v1alpha1.SourcePolicyKind), v1alpha1.GroupVersion.WithKind(v1alpha1.PolicyExceptionKind):
		if asked := schema.GroupVersionKind(raw.Kind); asked != kind {
			return fmt.Errorf("is a %s, the request is about a %s", kind.Kind, asked)
		}
	default:
		return fmt.Errorf("%s is neither a SourcePolicy nor a PolicyException: mend the webhook configuration", kind)
	}
	if a.Metadata.Namespace != raw.Namespace {
		return fmt.Errorf("its namespace is %q, the request's is %q", a.Metadata.Namespace, raw.Namespace)
	}
	return nil
}

// specOf builds a spec of at most so many bytes. Its error is an *flux.ObjectError: the API server's schema would have
// refused it before.
func specOf[S any](text json.RawMessage, most int) (S, error) {
	var spec S
	if len(text) > most {
		return spec, &flux.ObjectError{Path: "spec", Message: fmt.Sprintf("takes more than %d bytes", most), Remedy: "shorten it"}
	}
	if len(text) == 0 {
		return spec, &flux.ObjectError{Path: "spec", Message: "is required"}
	}
	err := json.Unmarshal(text, &spec)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return spec, &flux.ObjectError{Path: strings.TrimSuffix("spec."+wrong.Field, "."), Message: "is of the wrong type: " + wrong.Value}
	}
	if err != nil {
		return spec, &flux.ObjectError{Path: "spec", Message: err.Error()}
	}
	return spec, nil
}
