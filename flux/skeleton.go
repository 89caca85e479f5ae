package flux

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Skeleton returns of an object what names it, and what References and Namespaces read of a HelmRelease or a Kustomization:
// of megabytes of values some hundred bytes. Of obj only short texts are kept alive.
func Skeleton(obj *unstructured.Unstructured) *unstructured.Unstructured {
	metadata := texts(child(obj.Object, "metadata"), "namespace", "name", "resourceVersion")
	bare := texts(obj.Object, "apiVersion", "kind")
	bare["metadata"] = metadata

	from := child(obj.Object, "spec")
	spec := texts(from, "targetNamespace")
	for _, name := range []string{"sourceRef", "chartRef"} {
		if ref := child(from, name); ref != nil {
			spec[name] = texts(ref, "kind", "name", "namespace")
		}
	}
	if chart := child(from, "chart"); chart != nil {
		template := map[string]any{}
		if ref := child(child(chart, "spec"), "sourceRef"); ref != nil {
			template["sourceRef"] = texts(ref, "kind", "name", "namespace")
		}
		kept := texts(chart, "kind")
		kept["spec"] = template
		spec["chart"] = kept
	}
	bare["spec"] = spec
	return &unstructured.Unstructured{Object: bare}
}

// child returns a nested object; nil where there is none.
func child(of map[string]any, name string) map[string]any {
	nested, _ := of[name].(map[string]any)
	return nested
}

// texts copies those of the named fields that are texts. One that is too long for a name stays too long, and no longer.
func texts(from map[string]any, names ...string) map[string]any {
	kept := make(map[string]any, len(names)+1)
	for _, name := range names {
		text, ok := from[name].(string)
		if len(text) > maxNameLength {
			text = strings.Clone(text[:maxNameLength+1])
		}
		if ok {
			kept[name] = text
		}
	}
	return kept
}
