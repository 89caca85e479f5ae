package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PolicyException relaxes rules of one SourcePolicy, for some objects of its own namespace, until a date. It counts only
// where the SourcePolicy accepts it: tenants may write exceptions.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=srcpolex,categories=fluxgate
// +kubebuilder:printcolumn:name="Policy",type=string,JSONPath=`.spec.policy`
// +kubebuilder:printcolumn:name="Until",type=string,JSONPath=`.spec.until`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Why",type=string,priority=1,JSONPath=`.spec.reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PolicyException struct {
	metav1.TypeMeta `json:",inline"`
	// Metadata names the exception; its namespace is that of the objects which are excepted.
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the exception.
	Spec PolicyExceptionSpec `json:"spec"`

	// Status says whether the exception counts. Fluxgate writes it; in a file there is none.
	Status PolicyExceptionStatus `json:"status,omitempty"`
}

// PolicyExceptionList is a list of PolicyExceptions.
//
// +kubebuilder:object:root=true
type PolicyExceptionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PolicyException `json:"items"`
}

// PolicyExceptionSpec says what is excepted from which policy, why, and until when.
type PolicyExceptionSpec struct {
	// Policy is the name of the SourcePolicy.
	//
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="is no name of a SourcePolicy: write the metadata.name of one"
	Policy string `json:"policy"`

	// Rules are the names of the rules that are relaxed. The SourcePolicy must list each in spec.exceptions.rules.
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="is no name of a rule: write lower-case letters, digits and hyphens, as in require-verify"
	Rules []string `json:"rules"`

	// Kinds are the kinds of the objects that are excepted. Absent, all are.
	//
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Enum=OCIRepository;HelmRelease;HelmRepository;HelmChart;Kustomization
	Kinds []string `json:"kinds,omitempty"`

	// Names are globs of the names of the objects that are excepted: "*" stands for any characters, "?" for one. An object
	// of another namespace that is judged for this one, such as a HelmRelease with this targetNamespace, is excepted by
	// "namespace/name" only.
	//
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=320
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?[a-z0-9.*?-]+$')",message="can match no object: write a name, or namespace/name, in lower-case letters, digits, hyphens and dots; wildcards * and ? stand in the name only"
	Names []string `json:"names"`

	// Reason says why. It stands in every report of a violation that was excepted.
	//
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.trim() != ''",message="is empty: say why the exception is needed"
	Reason string `json:"reason"`

	// Until is when the exception ends, in RFC 3339. It stops counting at that second.
	//
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:MaxLength=35
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('1970-01-01T00:00:00Z') && self < timestamp('9999-01-01T00:00:00Z')",message="must be a time in RFC 3339, as in 2027-01-31T17:00:00Z"
	Until metav1.Time `json:"until"`
}

// PolicyExceptionStatus says whether an exception counts.
type PolicyExceptionStatus struct {
	// ObservedGeneration is the generation that the conditions speak of.
	//
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions has one of type Ready: True where the exception counts; False where it is malformed, not accepted by its
	// policy, or has expired.
	//
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.lastTransitionTime >= timestamp('1970-01-01T00:00:00Z') && c.lastTransitionTime < timestamp('9999-01-01T00:00:00Z'))",message="every lastTransitionTime must be a time in RFC 3339, as in 2027-01-31T17:00:00Z"
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
