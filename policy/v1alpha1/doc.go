// Package v1alpha1 holds the types of the API group fluxgate.dev: what an administrator writes, and nothing that Fluxgate
// derives from it. Comments here become the CRD's documentation; package policy gives the types their meaning.
package v1alpha1

import "k8s.io/apimachinery/pkg/runtime/schema"

// GroupVersion is the API group and version of the types in this package.
//
//nolint:gochecknoglobals // where every API package of Kubernetes has it
var GroupVersion = schema.GroupVersion{Group: "fluxgate.dev", Version: "v1alpha1"}

// The kinds of this group.
const (
	SourcePolicyKind    = "SourcePolicy"
	PolicyExceptionKind = "PolicyException"
)
