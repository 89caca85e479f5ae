package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// written judges policies and exceptions when they are applied, so that their author reads there what their status would
// say later. It is a courtesy: what is in force is compiled from what is stored, and judged again.
func (o Options) written(compiler *bounded) review {
	return func(ctx context.Context, raw admission.Request) (admission.Response, gate.Decision, error) {
		a, err := decodeAuthored(raw)
		if err != nil {
			return admission.Response{}, gate.Decision{}, err
		}
		if reason := a.unjudged(); reason != "" {
			return admission.Allowed(""), gate.Decision{Verdict: gate.Allow, Skipped: reason}, nil
		}
		var response admission.Response
		var decision gate.Decision
		if a.now.Kind == v1alpha1.SourcePolicyKind {
			response, decision = o.policy(ctx, compiler, a)
		} else {
			response, decision = o.exception(ctx, a)
		}
		return response, decision, nil
	}
}

// policy refuses a SourcePolicy that could not be put in force.
func (o Options) policy(ctx context.Context, compiler *bounded, a authoring) (admission.Response, gate.Decision) {
	spec, err := specOf[v1alpha1.SourcePolicySpec](a.now.Spec, maxPolicySpec)
	if err != nil {
		return invalid(ctx, err)
	}
	name := a.now.Metadata.Name
	if o.InFiles(name) {
		return invalid(ctx, &flux.ObjectError{
			Path: "metadata.name", Message: "a policy " + flux.Plain(name) + " is among the files that Fluxgate was started with",
			Remedy: "choose another name, or take that one out of the files",
		})
	}
	p, err := compiler.compile(ctx, &v1alpha1.SourcePolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: a.now.Metadata.Namespace}, Spec: spec,
	})
	if broken, ok := errors.AsType[*policy.LoadError](err); ok {
		return invalid(ctx, broken)
	}
	if err != nil {
		return untold(ctx, err)
	}
	return admitted(slices.Concat(o.passedDate(spec, a.was), idleRules(p, spec), laxSignatures(p, spec)))
}

// passedDate warns of a date of enforcement that is new and has passed: of an old one it is the nature.
func (o Options) passedDate(spec v1alpha1.SourcePolicySpec, was *authored) []string {
	if spec.EnforceFrom == nil || spec.EnforceFrom.After(o.Now()) {
		return nil
	}
	if was != nil {
		old, err := specOf[v1alpha1.SourcePolicySpec](was.Spec, maxPolicySpec)
		if err == nil && old.EnforceFrom.Equal(spec.EnforceFrom) {
			return nil
		}
	}
	return []string{fmt.Sprintf("spec.enforceFrom: %s has passed, so that the policy is enforced at once; set a later time, or leave it out",
		spec.EnforceFrom.UTC().Format(time.RFC3339))}
}

// idleRules warns of rules that can never find anything, given the kinds that the policy selects.
func idleRules(p *policy.Policy, spec v1alpha1.SourcePolicySpec) []string {
	var all []string
	for _, rule := range p.Idle() {
		all = append(all, fmt.Sprintf("spec.rules: %s reads nothing of %s, so that it never finds anything; leave it out, or select other kinds in spec.match.kinds",
			rule, strings.Join(spec.Match.Kinds, ", ")))
	}
	return all
}

// laxSignatures warns of signatures that are demanded, and not where it cannot be told whether they are there: whoever owns the
// registry can see to that.
func laxSignatures(p *policy.Policy, spec v1alpha1.SourcePolicySpec) []string {
	if !p.DeniesUnsigned() || p.OnError() == policy.Deny {
		return nil
	}
	return []string{fmt.Sprintf("spec.onError: %s lets pass whatever comes from a registry that does not answer, so that its owner needs no signature; "+
		"set it to Deny, unless only mistakes are to be kept out", spec.OnError)}
}

// admitted lets pass what may be a mistake of its author's.
func admitted(doubts []string) (admission.Response, gate.Decision) {
	decision := gate.Decision{Verdict: gate.Allow}
	if len(doubts) > 0 {
		decision.Verdict = gate.Warn
	}
	response := admission.Allowed("")
	response.Warnings = capped(doubts)
	response.AuditAnnotations = auditAnnotations(decision)
	return response, decision
}

// invalid refuses what is wrong in itself, in the words of the error.
func invalid(ctx context.Context, err error) (admission.Response, gate.Decision) {
	logRefusal(ctx, http.StatusUnprocessableEntity, err.Error())
	return badObject(err), gate.Decision{}
}

// untold refuses what could not be judged. Its cause is for the log.
func untold(ctx context.Context, err error) (admission.Response, gate.Decision) {
	logr.FromContextOrDiscard(ctx).Error(err, "not judged", "door", "policies")
	if !errors.Is(err, errNoTime) {
		err = errors.New("the policy could not be compiled: this is a defect of Fluxgate, please report it with its log")
	}
	response := refused(http.StatusInternalServerError, metav1.StatusReasonInternalError, "undecided, so not admitted: "+err.Error())
	response.AuditAnnotations = auditAnnotations(gate.Decision{})
	return response, gate.Decision{}
}

func logRefusal(ctx context.Context, code int, why string) {
	first, _, more := strings.Cut(why, "\n")
	logr.FromContextOrDiscard(ctx).Info("refused", "door", "policies", "code", code, "why", first, "more", more)
}
