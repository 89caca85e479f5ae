// Package v1alpha1 holds the types of the API group fluxgate.dev: what an administrator writes, and nothing that Fluxgate
// derives from it. Comments here become the CRD's documentation, and markers (+kubebuilder) its schema: `make generate`
// writes deploy/crds. Package policy gives the types their meaning, and checks what a schema cannot.
//
// The schema must let nothing pass that these types cannot be decoded from. One such object, and a tenant may write
// PolicyExceptions, would keep the list of all of them from being read.
//
// +kubebuilder:object:generate=true
// +groupName=fluxgate.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of the types in this package.
//
//nolint:gochecknoglobals // where every API package of Kubernetes has it
var GroupVersion = schema.GroupVersion{Group: "fluxgate.dev", Version: "v1alpha1"}

// The kinds of this group.
const (
	SourcePolicyKind    = "SourcePolicy"
	PolicyExceptionKind = "PolicyException"
)

// AddToScheme makes the types of this package known to a scheme. It never fails; the error is that of a
// runtime.SchemeBuilder.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &SourcePolicy{}, &SourcePolicyList{}, &PolicyException{}, &PolicyExceptionList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
