package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SourcePolicy says what Flux may pull in the namespaces that it matches. It is cluster-scoped: those who write Flux's
// objects must not be able to write it.
type SourcePolicy struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata names the policy; the name stands in every message about a violation of it.
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the policy.
	Spec SourcePolicySpec `json:"spec"`

	// Status says whether the policy is in force. Fluxgate writes it; in a file there is none.
	Status SourcePolicyStatus `json:"status,omitempty"`
}

// SourcePolicyList is a list of SourcePolicies.
type SourcePolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SourcePolicy `json:"items"`
}

// SourcePolicySpec says which objects are judged, by which rules, and what follows.
type SourcePolicySpec struct {
	// Match selects the objects to judge. Absent or empty, every object that Fluxgate reviews is selected.
	Match Match `json:"match,omitempty"`

	// Action is what a violation leads to, unless its rule says otherwise, and how pins are written: Deny and Warn write
	// them, Audit only reports them. Absent, it is Deny.
	Action Action `json:"action,omitempty"`

	// EnforceFrom dates the refusals of this policy: before that time, whatever would be denied is only warned about, with
	// the date. Absent, they are in force at once.
	EnforceFrom *metav1.Time `json:"enforceFrom,omitempty"`

	// OnError settles what happens where the policy cannot be judged: a registry is down, a rule fails, time runs out, or
	// the policy itself is broken and was never good. Absent, it is Deny.
	OnError ErrorAction `json:"onError,omitempty"`

	// MissingSources is what it leads to that an object refers to a source that does not exist yet. Nothing can be judged
	// of it then; but a GitOps controller applies both at once in any order, so Deny keeps objects from being applied
	// before their sources. Absent, it is Warn, or Audit in a policy whose action is Audit.
	MissingSources Action `json:"missingSources,omitempty"`

	// Pin says which references are pinned to the digest that they name. Absent, nothing is pinned.
	Pin *Pin `json:"pin,omitempty"`

	// Exceptions says what may be excepted from this policy. Absent, nothing may.
	Exceptions *Exceptions `json:"exceptions,omitempty"`

	// Rules are the rules that every source of a selected object must keep. A rule stands here at most once.
	Rules []Rule `json:"rules,omitempty"`

	// Rego holds rules of your own.
	Rego []CustomRule `json:"rego,omitempty"`
}

// Match selects objects by namespace and kind. A namespace is selected if a glob in Namespaces matches its name or
// NamespaceSelector its labels; where neither is given, every namespace is.
type Match struct {
	// Namespaces are globs of namespace names: "*" stands for any characters, "?" for one.
	Namespaces []string `json:"namespaces,omitempty"`

	// NamespaceSelector selects namespaces by label. The empty selector {} selects every namespace. Where tenants may
	// label their own Namespace, select by name instead.
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// Kinds are the kinds of Flux objects to judge. Absent, all are.
	Kinds []string `json:"kinds,omitempty"`

	// ExcludedNamespaces are globs of namespace names that are not selected, whatever the fields above say. An object
	// that is judged for two namespaces, such as a HelmRelease with a targetNamespace, is excused only for the one that
	// is excluded.
	ExcludedNamespaces []string `json:"excludedNamespaces,omitempty"`
}

// Action is what a violation leads to: the request is refused, the user is warned, or it is only reported.
type Action string

// The actions.
const (
	ActionDeny  Action = "Deny"
	ActionWarn  Action = "Warn"
	ActionAudit Action = "Audit"
)

// ErrorAction is what happens where a policy cannot be judged: the request is refused, it passes with a warning, or it
// passes.
type ErrorAction string

// The actions on errors.
const (
	ErrorDeny  ErrorAction = "Deny"
	ErrorWarn  ErrorAction = "Warn"
	ErrorAllow ErrorAction = "Allow"
)

// Pin says which references get the digest that they name written beside them. A key that is absent means Never: a
// policy changes objects only where it says so.
type Pin struct {
	// Tags is for references with a tag other than "latest".
	Tags PinMode `json:"tags,omitempty"`

	// Latest is for references without a tag, or with the tag "latest".
	Latest PinMode `json:"latest,omitempty"`

	// Semver is for references with a semver range. Pinning one freezes the updates that the range asks for.
	Semver PinMode `json:"semver,omitempty"`

	// Existing pins objects that were there before the policy, on their next update.
	Existing bool `json:"existing,omitempty"`
}

// PinMode says when a reference is pinned: Never, or OnChange of what it refers to.
type PinMode string

// The pin modes.
const (
	PinNever    PinMode = "Never"
	PinOnChange PinMode = "OnChange"
)

// Exceptions says what a PolicyException may except from a policy.
type Exceptions struct {
	// Rules are the names of the rules that may be excepted: rules of this policy, or "pin".
	Rules []string `json:"rules"`

	// MaxDuration is the longest time that may lie between the creation of an exception and its end, for example 720h.
	MaxDuration *metav1.Duration `json:"maxDuration"`
}

// Rule is a built-in rule with its parameters.
type Rule struct {
	// Rule is the rule's name, for example registry-allowlist.
	Rule string `json:"rule"`

	// Action replaces the policy's action for this rule.
	Action Action `json:"action,omitempty"`

	// Params are the rule's parameters; each rule has a JSON schema for its own.
	Params *apiextensionsv1.JSON `json:"params,omitempty"`
}

// CustomRule is a rule of the administrator's own, written in Rego. It has the same input and output as a built-in rule;
// policy/INPUT.md describes them.
type CustomRule struct {
	// Name is the rule's name, for example team-label. No built-in rule has it.
	Name string `json:"name"`

	// Module is the Rego module. Its package is fluxgate.custom.<name>, with "_" for "-" in the name.
	Module string `json:"module"`

	// Action replaces the policy's action for this rule.
	Action Action `json:"action,omitempty"`

	// Params are the rule's parameters: input.params["<name>"] in the module. Where the module's METADATA has a JSON
	// schema for them (custom.params), they must satisfy it.
	Params *apiextensionsv1.JSON `json:"params,omitempty"`
}

// SourcePolicyStatus says whether a policy is in force.
type SourcePolicyStatus struct {
	// ObservedGeneration is the generation that the conditions speak of.
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions has one of type Ready: True where the spec is in force; False where it is broken, with everything that
	// is wrong with it.
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// InForce is the last good spec, which stays in force while the present one is broken. Absent where the present one is
	// in force, and where none was ever good.
	InForce *SourcePolicyInForce `json:"inForce,omitempty"`
}

// SourcePolicyInForce is a spec that stays in force although there is a newer one.
type SourcePolicyInForce struct {
	// Generation is that of the spec.
	Generation int64 `json:"generation"`

	// Spec is the spec as it was.
	Spec SourcePolicySpec `json:"spec"`
}
