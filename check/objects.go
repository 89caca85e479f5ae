package check

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fluxgate/fluxgate/flux"
)

// role is what an object among the files is good for.
type role int

const (
	other     role = iota // nothing
	namespace             // gives labels
	referent              // may be referred to, and pulls no OCI artifact itself
	judged                // is judged, and may be referred to
)

func roleOf(kind schema.GroupVersionKind) role {
	switch {
	case kind.GroupKind() == schema.GroupKind{Kind: "Namespace"}:
		return namespace
	case flux.Known(kind):
		return judged
	case kind.Group == flux.SourceGroup:
		return referent
	}
	return other
}

// add sorts a decoded value into the inventory. What does not say which kind it is, is no manifest and passed over.
func (i *Inventory) add(at location, content any) {
	if content == nil {
		return // a document of comments only
	}
	object, _ := content.(map[string]any)
	u := &unstructured.Unstructured{Object: object}
	version, kind := u.GetAPIVersion(), u.GetKind()
	if version == "" || kind == "" {
		i.Summary.PassedOver++
		return
	}
	if items, isList := object["items"].([]any); isList && strings.HasSuffix(kind, "List") {
		i.addList(at, version, strings.TrimSuffix(kind, "List"), items)
		return
	}
	i.addObject(at, u)
}

// room counts what is read, readable or not, and says once that it is too much.
func (i *Inventory) room(at location) bool {
	i.documents++
	if i.documents == maxDocuments+1 {
		i.refuse(at, fmt.Sprintf("is one more than the %d documents that are read at a time; split the check", maxDocuments))
	}
	return i.documents <= maxDocuments
}

// addList adds the items of a list. Those of a typed list may leave their kind to the list, as the API server does.
func (i *Inventory) addList(at location, version, kind string, items []any) {
	for _, element := range items {
		if !i.room(at) {
			return
		}
		if object, ok := element.(map[string]any); ok && kind != "" && object["kind"] == nil && object["apiVersion"] == nil {
			object["apiVersion"], object["kind"] = version, kind
		}
		i.add(at, element)
	}
}

func (i *Inventory) addObject(at location, u *unstructured.Unstructured) {
	if i.addOwn(at, u) {
		return
	}
	kind := u.GroupVersionKind().GroupKind()
	role := roleOf(u.GroupVersionKind())
	if role == other {
		if isSecret(u.GroupVersionKind()) {
			i.addSecret(u)
		}
		i.countOther(kind)
		return
	}
	if err := checkMetadata(u); err != nil {
		i.refuse(at, fmt.Sprintf("%s: %v", u.GetKind(), err))
		return
	}
	if role == namespace {
		i.addNamespace(at, u)
		return
	}
	wipeSystemFields(u)
	if u.GetNamespace() == "" {
		u.SetNamespace(i.namespace)
		i.Summary.NamespaceAssumed++
	}
	found := &item{location: at, object: u}
	if !i.register(found, kind) {
		return
	}
	if role == judged {
		i.judged = append(i.judged, found)
		i.refer(found)
	} else {
		i.Summary.OtherObjects++
	}
}

// countOther tells what Kustomize reads from what a cluster stores.
func (i *Inventory) countOther(kind schema.GroupKind) {
	if strings.HasSuffix(kind.Group, "kustomize.config.k8s.io") {
		i.Summary.PassedOver++
		return
	}
	i.Summary.OtherObjects++
}

// register makes an object known by its name and refuses a second one of that name: which of them would end up in the
// cluster depends on how they are applied. Objects whose name is generated have none to clash.
func (i *Inventory) register(found *item, kind schema.GroupKind) bool {
	u := found.object
	if u.GetName() == "" {
		return true
	}
	key := flux.Key{Group: kind.Group, Kind: kind.Kind}
	key.Namespace, key.Name = u.GetNamespace(), u.GetName()
	if first, twice := i.referents[key]; twice {
		i.refuse(found.location, fmt.Sprintf("%s %s/%s is also in %s; check what is applied, for example: kustomize build DIR | fluxgate check -",
			kind.Kind, key.Namespace, key.Name, first.location))
		return false
	}
	i.referents[key] = found
	return true
}

func (i *Inventory) addNamespace(at location, u *unstructured.Unstructured) {
	u.SetNamespace("")
	if !i.register(&item{location: at, object: u}, schema.GroupKind{Kind: "Namespace"}) {
		return
	}
	i.namespaces[u.GetName()] = u.GetLabels()
	i.Summary.OtherObjects++
}
