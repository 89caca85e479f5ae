package flux

import (
	"slices"
	"strings"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// declaration is a source as far as one object tells it.
type declaration struct {
	// source is the whole source; where refers is set, it is what the source is without the object referred to.
	source Source
	// refers names the object that tells the rest; zero where nothing is missing.
	refers Key
	// chart is what is pulled from the HelmRepository that refers names; nil for other references.
	chart *Source
	// made names the object that helm-controller makes of a HelmRelease's chart; zero where it makes none.
	made Key
}

// declare reads an object of a known kind without looking at any other. A namespace overrides the object's.
func declare(obj *unstructured.Unstructured, namespace string) ([]declaration, error) {
	gvk := obj.GroupVersionKind()
	if served := versions(gvk.Group, gvk.Kind); !slices.Contains(served, gvk.Version) {
		return nil, &ObjectError{
			Path:    "apiVersion",
			Message: "no supported version of Flux has " + gvk.Kind + " in " + quote(gvk.Version),
			Remedy:  "use " + strings.Join(served, " or "),
		}
	}
	var f fault
	declared := declareFields(obj, namespace, &f)
	return declared, f.err()
}

// declareFields is declare for every version of a kind. What is declared holds what could be read beside a fault.
func declareFields(obj *unstructured.Unstructured, namespace string, f *fault) []declaration {
	root := rootOf(obj.Object, f)
	own := declareMetadata(root)
	if namespace != "" {
		own.Namespace = namespace
	}
	spec := root.requiredObject("spec")
	spec.flag("suspend")
	spec.duration("interval")
	switch obj.GetKind() {
	case sourcev1.OCIRepositoryKind:
		return []declaration{{source: declareOCIRepository(spec, own.Namespace)}}
	case sourcev1.HelmRepositoryKind:
		return []declaration{{source: declareHelmRepository(spec, own.Namespace)}}
	case sourcev1.HelmChartKind:
		ref := declareLocalReference(spec.requiredObject("sourceRef"), own.Namespace, chartSources()...)
		return []declaration{declareChart(spec, ref)}
	case helmv2.HelmReleaseKind:
		return declareHelmRelease(spec, own)
	case kustomizev1.KustomizationKind:
		return []declaration{declareKustomization(spec, own.Namespace)}
	}
	return nil
}

// declareMetadata returns the name. The rest is only checked: read leniently, labels or annotations of a wrong type would be
// none.
func declareMetadata(root fields) types.NamespacedName {
	metadata, _ := root.object("metadata")
	metadata.texts("labels")
	metadata.texts("annotations")
	return types.NamespacedName{Name: metadata.text("name"), Namespace: metadata.text("namespace")}
}

// declareKustomization reads a kustomizev1.KustomizationSpec.
func declareKustomization(spec fields, namespace string) declaration {
	spec.text("targetNamespace")
	spec.text("serviceAccountName")
	return declareReference(spec.requiredObject("sourceRef"), namespace, sourcev1.OCIRepositoryKind)
}

// declareReference reads a reference that may lead to another namespace, and is followed where its kind is one of those
// given.
func declareReference(ref fields, namespace string, followed ...string) declaration {
	if other := ref.text("namespace"); other != "" {
		namespace = other
	}
	return declareLocalReference(ref, namespace, followed...)
}

// declareLocalReference reads a reference within the namespace. An apiVersion in it is ignored, as Flux does
// (kustomize-controller and source-controller, getSource: they look at nothing but the kind).
func declareLocalReference(ref fields, namespace string, followed ...string) declaration {
	key := Key{Group: SourceGroup, Kind: ref.required("kind")}
	key.Name, key.Namespace = ref.required("name"), namespace
	d := declaration{
		source: Source{Form: FormUntraceable, Kind: key.Kind, Path: ref.path, Origin: &key, Namespace: namespace},
	}
	switch {
	case slices.Contains(followed, key.Kind):
		d.source.Form, d.refers = FormMissing, key
	case key.Kind == sourcev1.GitRepositoryKind || key.Kind == sourcev1.BucketKind:
		d.source.Form = FormOther
	}
	return d
}
