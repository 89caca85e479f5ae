package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SourcePolicy says what Flux may pull in the namespaces that it matches. It is cluster-scoped: those who write Flux's
// objects must not be able to write it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=srcpol,categories=fluxgate
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.action`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
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
//
// +kubebuilder:object:root=true
type SourcePolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SourcePolicy `json:"items"`
}

// SourcePolicySpec says which objects are judged, by which rules, and what follows.
//
// +kubebuilder:validation:XValidation:fieldPath=.rules,rule="has(self.pin) || has(self.rules) && size(self.rules) > 0 || has(self.rego) && size(self.rego) > 0 || has(self.signatures) && size(self.signatures) > 0",message="the policy has neither rules nor pin nor rego nor signatures, so it would judge nothing: add one of them"
type SourcePolicySpec struct {
	// Match selects the objects to judge. Absent or empty, every object that Fluxgate reviews is selected.
	Match Match `json:"match,omitempty"`

	// Action is what a violation leads to, unless its rule says otherwise, and how pins are written: Deny and Warn write
	// them, Audit only reports them. Absent, it is Deny.
	//
	// +kubebuilder:default=Deny
	Action Action `json:"action,omitempty"`

	// EnforceFrom dates the refusals of this policy: before that time, whatever would be denied is only warned about, with
	// the date. Absent, they are in force at once.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('1970-01-01T00:00:00Z') && self < timestamp('9999-01-01T00:00:00Z')",message="must be a time in RFC 3339, as in 2027-01-31T17:00:00Z"
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

	// Signatures are demanded of every artifact that a selected object makes Flux pull from an OCI registry, whatever the
	// object says of them itself. Each demand that is for the artifact's repository must be met. What is verified is the
	// digest in the object, so one without a digest meets no demand.
	//
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Signatures []SignatureDemand `json:"signatures,omitempty"`

	// Exceptions says what may be excepted from this policy. Absent, nothing may.
	Exceptions *Exceptions `json:"exceptions,omitempty"`

	// Rules are the rules that every source of a selected object must keep. A rule stands here at most once.
	//
	// +listType=map
	// +listMapKey=rule
	// +kubebuilder:validation:MaxItems=64
	Rules []Rule `json:"rules,omitempty"`

	// Rego holds rules of your own.
	//
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.map(r, size(r.module)).sum() <= 524288",message="the modules of a policy may have 524288 characters together: divide them among several policies"
	Rego []CustomRule `json:"rego,omitempty"`
}

// Match selects objects by namespace and kind. A namespace is selected if a glob in Namespaces matches its name or
// NamespaceSelector its labels; where neither is given, every namespace is.
type Match struct {
	// Namespaces are globs of namespace names: "*" stands for any characters, "?" for one.
	//
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9*?-]+$')",message="can match no namespace: write lower-case letters, digits and hyphens, and the wildcards * and ?"
	Namespaces []string `json:"namespaces,omitempty"`

	// NamespaceSelector selects namespaces by label. The empty selector {} selects every namespace. Where tenants may
	// label their own Namespace, select by name instead.
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// Kinds are the kinds of Flux objects to judge. Absent, all are.
	//
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Enum=OCIRepository;HelmRelease;HelmRepository;HelmChart;Kustomization
	Kinds []string `json:"kinds,omitempty"`

	// ExcludedNamespaces are globs of namespace names that are not selected, whatever the fields above say. An object
	// that is judged for two namespaces, such as a HelmRelease with a targetNamespace, is excused only for the one that
	// is excluded.
	//
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z0-9*?-]+$')",message="can match no namespace: write lower-case letters, digits and hyphens, and the wildcards * and ?"
	ExcludedNamespaces []string `json:"excludedNamespaces,omitempty"`
}

// Action is what a violation leads to: the request is refused, the user is warned, or it is only reported.
//
// +kubebuilder:validation:Enum=Deny;Warn;Audit
type Action string

// The actions.
const (
	ActionDeny  Action = "Deny"
	ActionWarn  Action = "Warn"
	ActionAudit Action = "Audit"
)

// ErrorAction is what happens where a policy cannot be judged: the request is refused, it passes with a warning, or it
// passes.
//
// +kubebuilder:validation:Enum=Deny;Warn;Allow
type ErrorAction string

// The actions on errors.
const (
	ErrorDeny  ErrorAction = "Deny"
	ErrorWarn  ErrorAction = "Warn"
	ErrorAllow ErrorAction = "Allow"
)

// Pin says which references get the digest that they name written beside them. A key that is absent means Never: a
// policy changes objects only where it says so.
//
// +kubebuilder:validation:XValidation:fieldPath=.existing,rule="!has(self.existing) || !self.existing || has(self.tags) && self.tags == 'OnChange' || has(self.latest) && self.latest == 'OnChange' || has(self.semver) && self.semver == 'OnChange'",message="pins nothing, as every mode is Never: set tags, latest or semver to OnChange"
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
//
// +kubebuilder:validation:Enum=Never;OnChange
type PinMode string

// The pin modes.
const (
	PinNever    PinMode = "Never"
	PinOnChange PinMode = "OnChange"
)

// Exceptions says what a PolicyException may except from a policy.
type Exceptions struct {
	// Rules are the names of the rules that may be excepted: rules of this policy, "pin", or "signatures".
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="is no name of a rule: write lower-case letters, digits and hyphens, as in require-verify"
	Rules []string `json:"rules"`

	// MaxDuration is the longest time that may lie between the creation of an exception and its end, for example 720h.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,6}([.][0-9]{1,9})?h)?([0-9]{1,7}([.][0-9]{1,9})?m)?([0-9]{1,9}([.][0-9]{1,9})?s)?$') && self != '' && duration(self) >= duration('1s')",message="must be a second or longer, in hours, minutes and seconds, as in 720h or 1h30m"
	MaxDuration *metav1.Duration `json:"maxDuration"`
}

// Rule is a built-in rule with its parameters.
type Rule struct {
	// Rule is the rule's name, for example registry-allowlist.
	//
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="is no name of a rule: write lower-case letters, digits and hyphens, as in registry-allowlist"
	Rule string `json:"rule"`

	// Action replaces the policy's action for this rule.
	Action Action `json:"action,omitempty"`

	// Params are the rule's parameters; each rule has a JSON schema for its own.
	//
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`
}

// CustomRule is a rule of the administrator's own, written in Rego. It has the same input and output as a built-in rule;
// policy/INPUT.md describes them.
type CustomRule struct {
	// Name is the rule's name, for example team-label. No built-in rule has it.
	//
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="is no name for a rule: write lower-case letters, digits and hyphens, as in team-label"
	// +kubebuilder:validation:XValidation:rule="!(self in ['pin', 'stale-pin', 'missing-source', 'signatures'])",message="is what Fluxgate calls a violation of its own: choose another name"
	Name string `json:"name"`

	// Module is the Rego module. Its package is fluxgate.custom.<name>, with "_" for "-" in the name.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65536
	Module string `json:"module"`

	// Action replaces the policy's action for this rule.
	Action Action `json:"action,omitempty"`

	// Params are the rule's parameters: input.params["<name>"] in the module. Where the module's METADATA has a JSON
	// schema for them (custom.params), they must satisfy it.
	//
	// +kubebuilder:validation:Type=object
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:pruning:PreserveUnknownFields
	Params *apiextensionsv1.JSON `json:"params,omitempty"`
}

// SourcePolicyStatus says whether a policy is in force.
type SourcePolicyStatus struct {
	// ObservedGeneration is the generation that the conditions speak of.
	//
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions has one of type Ready: True where the spec is in force; False where it is broken, with everything that
	// is wrong with it.
	//
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('1970-01-01T00:00:00Z') && c.lastTransitionTime < timestamp('9999-01-01T00:00:00Z'))",message="every lastTransitionTime must be a time in RFC 3339, as in 2027-01-31T17:00:00Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// InForce is the last good spec, which stays in force while the present one is broken. Absent where the present one is
	// in force, and where none was ever good.
	InForce *SourcePolicyInForce `json:"inForce,omitempty"`
}

// SourcePolicyInForce is a spec that stays in force although there is a newer one.
type SourcePolicyInForce struct {
	// Generation is that of the spec.
	//
	// +kubebuilder:validation:Minimum=0
	Generation int64 `json:"generation"`

	// Spec is the spec as it was.
	Spec SourcePolicySpec `json:"spec"`
}
