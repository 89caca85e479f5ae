package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PolicyException relaxes rules of one SourcePolicy, for some objects of its own namespace, until a date. It counts only
// where the SourcePolicy accepts it: tenants may write exceptions.
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
type PolicyExceptionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PolicyException `json:"items"`
}

// PolicyExceptionSpec says what is excepted from which policy, why, and until when.
type PolicyExceptionSpec struct {
	// Policy is the name of the SourcePolicy.
	Policy string `json:"policy"`

	// Rules are the names of the rules that are relaxed. The SourcePolicy must list each in spec.exceptions.rules.
	Rules []string `json:"rules"`

	// Kinds are the kinds of the objects that are excepted. Absent, all are.
	Kinds []string `json:"kinds,omitempty"`

	// Names are globs of the names of the objects that are excepted: "*" stands for any characters, "?" for one. An object
	// of another namespace that is judged for this one, such as a HelmRelease with this targetNamespace, is excepted by
	// "namespace/name" only.
	Names []string `json:"names"`

	// Reason says why. It stands in every report of a violation that was excepted.
	Reason string `json:"reason"`

	// Until is when the exception ends, in RFC 3339. It stops counting at that second.
	Until metav1.Time `json:"until"`
}

// PolicyExceptionStatus says whether an exception counts.
type PolicyExceptionStatus struct {
	// ObservedGeneration is the generation that the conditions speak of.
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Conditions has one of type Ready: True where the exception counts; False where it is malformed, not accepted by its
	// policy, or has expired.
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
