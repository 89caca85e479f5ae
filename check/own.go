package check

import (
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// OwnSummary tells of the SourcePolicies and PolicyExceptions among the manifests.
type OwnSummary struct {
	// SourcePolicies are well-formed, and not used: a check judges by the policies that it is given.
	SourcePolicies int `json:"sourcePolicies,omitempty"`
	// Exceptions were read, of any effect or none.
	Exceptions int `json:"exceptions,omitempty"`
	// WithoutEffect are the exceptions that count for nothing, those that came with the policies included.
	WithoutEffect []WithoutEffect `json:"exceptionsWithoutEffect,omitempty"`
}

// WithoutEffect is an exception that excepts nothing.
type WithoutEffect struct {
	// Exception is "namespace/name".
	Exception string `json:"exception"`
	Message   string `json:"message"`
}

// addOwn takes what Fluxgate itself reads in a cluster, and reports whether the object is that.
func (i *Inventory) addOwn(at location, u *unstructured.Unstructured) bool {
	kind := u.GroupVersionKind().GroupKind()
	isPolicy, isException := kind.Kind == v1alpha1.SourcePolicyKind, kind.Kind == v1alpha1.PolicyExceptionKind
	if kind.Group != v1alpha1.GroupVersion.Group || !isPolicy && !isException {
		return false
	}
	if got, want := u.GetAPIVersion(), v1alpha1.GroupVersion.String(); got != want {
		i.refuse(at, fmt.Sprintf("%s: apiVersion: %s is not read here: write %s", kind.Kind, got, want))
		return true
	}
	wipeSystemFields(u)
	if isException && u.GetNamespace() == "" {
		u.SetNamespace(i.namespace)
		i.Summary.NamespaceAssumed++
	}
	if !i.register(&item{location: at, object: u}, kind) {
		return true
	}
	add := i.addException
	if isPolicy {
		add = i.addPolicy
	}
	if err := add(u); err != nil {
		i.refuseAll(at, kind.Kind, err)
	}
	return true
}

// addException takes an exception as the cluster would: it counts, if its policy accepts it.
func (i *Inventory) addException(u *unstructured.Unstructured) error {
	written, err := decodeOwn[v1alpha1.PolicyException](u)
	if err != nil {
		return err
	}
	exception, err := policy.CompileException(&written)
	if err != nil {
		return err
	}
	i.exceptions = append(i.exceptions, exception)
	i.Summary.Exceptions++
	return nil
}

// addPolicy finds out what is wrong with a policy, and forgets it.
func (i *Inventory) addPolicy(u *unstructured.Unstructured) error {
	written, err := decodeOwn[v1alpha1.SourcePolicy](u)
	if err != nil {
		return err
	}
	if i.library == nil {
		if i.library, err = policy.NewLibrary(); err != nil {
			return err
		}
		i.library.Sigstore = i.sigstore
	}
	if _, err := i.library.Compile(&written); err != nil {
		return err
	}
	i.Summary.SourcePolicies++
	return nil
}

func decodeOwn[T any](u *unstructured.Unstructured) (T, error) {
	text, err := json.Marshal(u.Object)
	if err != nil {
		var none T
		return none, err
	}
	return policy.Decode[T]("", text)
}

// refuseAll says each problem of a policy or an exception.
func (i *Inventory) refuseAll(at location, kind string, err error) {
	wrong, ok := errors.AsType[*policy.LoadError](err)
	if !ok {
		i.refuse(at, fmt.Sprintf("%s: %v", kind, err))
		return
	}
	for _, problem := range wrong.Problems {
		i.refuse(at, fmt.Sprintf("%s: %s", kind, problem))
	}
}
