package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// compile makes a policy of a document, noting in it whatever is wrong. The error is ours: a rule that cannot be prepared, or
// that of ctx; the policy beside it is not to be used.
func (l *Library) compile(ctx context.Context, d document) (*Policy, error) {
	spec := d.policy.Spec
	checkMetadata(d.policy.ObjectMeta, d.problems)
	p := &Policy{
		name:    d.policy.Name,
		action:  Action(oneOfNames(d.problems, "spec.action", string(spec.Action), actions())),
		onError: Action(oneOfNames(d.problems, "spec.onError", string(spec.OnError), errorActions())),
		match:   newMatcher(spec.Match, d.problems),
		pin:     pinOf(spec.Pin, d.problems),
		listed:  slices.ContainsFunc(spec.Rules, func(r v1alpha1.Rule) bool { return r.Rule == allowlistRule }),
	}
	if p.onError == Action(v1alpha1.ErrorAllow) {
		p.onError = Audit
	}
	if spec.EnforceFrom != nil {
		p.enforceFrom = spec.EnforceFrom.Time
	}
	p.missingSources = laxer(p.action, Warn)
	if spec.MissingSources != "" {
		p.missingSources = Action(oneOfNames(d.problems, "spec.missingSources", string(spec.MissingSources), actions()))
	}
	p.strictest = strictest(p, spec)
	params, err := l.compileRules(p, spec, d.problems)
	if err != nil {
		return p, err
	}
	own, err := l.compileCustom(ctx, p, spec, d.problems)
	if err != nil {
		return p, err
	}
	maps.Copy(params, own)
	if err := l.compileDemands(p, spec, d.problems); err != nil {
		return p, err
	}
	if spec.Exceptions != nil {
		p.exceptions = *spec.Exceptions
		checkExceptions(p.exceptions, excepted(spec), d.problems)
	}
	if len(spec.Rules)+len(spec.Rego)+len(spec.Signatures) == 0 && spec.Pin == nil {
		d.add("spec.rules",
			"the policy has neither rules nor spec.rego nor spec.pin nor spec.signatures, so it would judge nothing: add one of them")
	}
	if len(d.all) > 0 {
		return p, nil
	}
	return p, l.prepare(p, params)
}

// strictest reads the actions as they are written, so that it is the same whether the rules compile or not.
func strictest(p *Policy, spec v1alpha1.SourcePolicySpec) Action {
	most := p.action
	if spec.MissingSources != "" {
		most = stricter(most, p.missingSources)
	}
	var own []v1alpha1.Action
	for _, r := range spec.Rules {
		own = append(own, r.Action)
	}
	for _, r := range spec.Rego {
		own = append(own, r.Action)
	}
	for _, d := range spec.Signatures {
		own = append(own, d.Action)
	}
	for _, a := range own {
		switch a {
		case "", v1alpha1.ActionAudit:
		case v1alpha1.ActionWarn:
			most = stricter(most, Warn)
		default:
			most = Deny
		}
	}
	return most
}

func actions() []string {
	return []string{string(v1alpha1.ActionDeny), string(v1alpha1.ActionWarn), string(v1alpha1.ActionAudit)}
}

func errorActions() []string {
	return []string{string(v1alpha1.ErrorDeny), string(v1alpha1.ErrorWarn), string(v1alpha1.ErrorAllow)}
}

// oneOfNames checks a value against the known ones. An absent or unknown one is the first: the strictest.
func oneOfNames(found *problems, at, value string, known []string) string {
	if value == "" {
		return known[0]
	}
	if !slices.Contains(known, value) {
		found.add(at, "unknown value %q%s", value, nearest(value, known))
		return known[0]
	}
	return value
}

func checkMetadata(meta metav1.ObjectMeta, found *problems) {
	if meta.Name == "" {
		found.add("metadata.name", "is required")
	} else {
		for _, why := range validation.IsDNS1123Subdomain(meta.Name) {
			found.add("metadata.name", "%q is no name: %s", meta.Name, why)
		}
	}
	if meta.Namespace != "" {
		found.add("metadata.namespace", "a SourcePolicy belongs to no namespace: remove it, and select namespaces by spec.match")
	}
}

// pinOf checks the pin block. An absent mode is Never.
func pinOf(pin *v1alpha1.Pin, found *problems) v1alpha1.Pin {
	if pin == nil {
		return v1alpha1.Pin{}
	}
	modes := []string{string(v1alpha1.PinNever), string(v1alpha1.PinOnChange)}
	pins := false
	for at, mode := range map[string]v1alpha1.PinMode{
		"spec.pin.tags": pin.Tags, "spec.pin.latest": pin.Latest, "spec.pin.semver": pin.Semver,
	} {
		pins = pins || mode != "" && mode != v1alpha1.PinNever
		oneOfNames(found, at, string(mode), modes)
	}
	if pin.Existing && !pins {
		found.add("spec.pin.existing", "pins nothing, as every mode is Never: set tags, latest or semver to OnChange")
	}
	return *pin
}

// excepted are the names of what may be excepted from a policy: its rules, its pin, and its demands on signatures.
func excepted(spec v1alpha1.SourcePolicySpec) []string {
	var names []string
	for _, r := range spec.Rules {
		names = append(names, r.Rule)
	}
	for _, r := range spec.Rego {
		names = append(names, r.Name)
	}
	if spec.Pin != nil {
		names = append(names, "pin")
	}
	if len(spec.Signatures) > 0 {
		names = append(names, "signatures")
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func checkExceptions(exceptions v1alpha1.Exceptions, known []string, found *problems) {
	if len(exceptions.Rules) == 0 {
		found.add("spec.exceptions.rules", "names no rule: name those that may be excepted, or remove spec.exceptions")
	}
	for i, name := range exceptions.Rules {
		if !slices.Contains(known, name) {
			found.add(fmt.Sprintf("spec.exceptions.rules[%d]", i), "%q is no rule of this policy%s", name, nearest(name, known))
		}
	}
	if d := exceptions.MaxDuration; d == nil || d.Duration < time.Second {
		found.add("spec.exceptions.maxDuration", "is required, and must be a second or longer, as in 720h")
	}
}
