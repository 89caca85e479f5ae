package flux

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// TargetNamespace returns spec.targetNamespace of a HelmRelease or a Kustomization: where Flux installs what it pulls.
// It is empty where that is the object's own namespace, or for Kustomizations whatever their manifests say. A
// HelmRelease's storageNamespace is not one: Helm's record of the release goes there, and nothing of what is pulled runs
// there. A value that is no string reads as empty; Sources makes an error of it.
func TargetNamespace(obj *unstructured.Unstructured) string {
	if group := obj.GroupVersionKind().Group; group != HelmGroup && group != KustomizeGroup {
		return ""
	}
	target, _, _ := unstructured.NestedString(obj.Object, "spec", "targetNamespace")
	return target
}

// ServiceAccountName returns spec.serviceAccountName of a HelmRelease or a Kustomization: whom Flux acts as when it applies
// what it pulled (helm-controller, kustomize-controller: impersonation). It is empty where nobody is named, and for other
// kinds: an OCIRepository's is its Source's. A value that is no string reads as empty; Sources makes an error of it.
func ServiceAccountName(obj *unstructured.Unstructured) string {
	if group := obj.GroupVersionKind().Group; group != HelmGroup && group != KustomizeGroup {
		return ""
	}
	name, _, _ := unstructured.NestedString(obj.Object, "spec", "serviceAccountName")
	return name
}

// Suspended reports whether the object tells Flux to leave it alone. A value that is no boolean reads as false; Sources
// makes an error of it.
func Suspended(obj *unstructured.Unstructured) bool {
	suspended, _, _ := unstructured.NestedBool(obj.Object, "spec", "suspend")
	return suspended
}
