package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

// Inventory is what was read: the objects to judge, what they may refer to, and the labels of namespaces. It answers
// the gate's questions as a cluster would (flux.Lookup, gate.Namespaces, gate.Referrers, gate.Keys).
type Inventory struct {
	// Unreadable is what could not be read, in input order.
	Unreadable []*InputError
	// Summary counts what was read.
	Summary InputSummary

	// exceptions are those among the files; library compiles the policies among them, nil before there is one.
	exceptions []*policy.Exception
	library    *policy.Library
	sigstore   policy.Sigstore

	namespace  string
	judged     []*item
	referents  map[flux.Key]*item
	referrers  flux.Referrers
	namespaces map[string]map[string]string
	secrets    map[types.NamespacedName]publicSecret
	documents  int

	mu sync.Mutex
	// unlabelled are the namespaces that were asked for, and are not among the files.
	unlabelled map[string]bool
}

// InputSummary counts what was read besides the objects that are judged.
type InputSummary struct {
	// Files were read.
	Files int `json:"files"`
	// PassedOver documents are no Kubernetes objects: values files, kustomization.yaml, empty maps.
	PassedOver int `json:"passedOver"`
	// OtherObjects are of kinds that make Flux pull nothing.
	OtherObjects int `json:"otherObjects"`
	// NamespaceAssumed objects name no namespace.
	NamespaceAssumed int `json:"namespaceAssumed"`
	OwnSummary
}

// location says where an object was read.
type location struct {
	file           string
	document, line int
}

func (l location) String() string {
	if l.document == 0 {
		return l.file
	}
	return fmt.Sprintf("%s, document %d, line %d", l.file, l.document, l.line)
}

// item is one object.
type item struct {
	location
	object *unstructured.Unstructured
	// unpinned is why the digest of an OCIRepository could not be asked for; nil where it could, or has one.
	unpinned *NotJudged
}

func newInventory(namespace string) *Inventory {
	return &Inventory{
		namespace:  namespace,
		referents:  map[flux.Key]*item{},
		namespaces: map[string]map[string]string{},
		secrets:    map[types.NamespacedName]publicSecret{},
		unlabelled: map[string]bool{},
	}
}

func (i *Inventory) refuse(at location, message string) {
	i.Unreadable = append(i.Unreadable, &InputError{File: at.file, Document: at.document, Line: at.line, Message: message})
}

// Lookup finds an object among the files, in whichever version it is written.
func (i *Inventory) Lookup(_ context.Context, key flux.Key) (*unstructured.Unstructured, error) {
	if found, ok := i.referents[key]; ok {
		return found.object, nil
	}
	return nil, nil
}

// Labels gives the labels of a Namespace object among the files. Of a namespace that is not among them only the label is
// known that the API server gives to every namespace; it is remembered for the report.
func (i *Inventory) Labels(_ context.Context, name string) (map[string]string, error) {
	written, known := i.namespaces[name]
	if !known {
		i.mu.Lock()
		i.unlabelled[name] = true
		i.mu.Unlock()
	}
	labels := maps.Clone(written)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[corev1.LabelMetadataName] = name
	return labels, nil
}

// missingNamespaces are those of which the gate asked for the labels in vain, sorted.
func (i *Inventory) missingNamespaces() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.unlabelled))
}
