package controlplane

import (
	"fmt"
	"maps"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// derivedAnnotation marks a CRD that is not as Flux ships it, and says in what.
const derivedAnnotation = "fluxgate.dev/derived"

// derive changes the released CRDs to what other releases of Flux serve.
func derive(crds []*apiextensionsv1.CustomResourceDefinition) error {
	byKind := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, crd := range crds {
		byKind[crd.Spec.Names.Kind] = crd
	}
	repository, release := byKind["OCIRepository"], byKind["HelmRelease"]
	if repository == nil || release == nil {
		return fmt.Errorf("flux CRDs: no OCIRepository or no HelmRelease to derive from, only %v", slices.Sorted(maps.Keys(byKind)))
	}
	inlineOCIRepository(release, repository)
	serveV1beta2(repository)
	return nil
}

// serveV1beta2 serves v1 a second time, as v1beta2; v1 stays the storage version and conversion changes the name only.
// In source-controller 1.6 and 1.7 the two schemas are the same in every field that Fluxgate reads.
func serveV1beta2(repository *apiextensionsv1.CustomResourceDefinition) {
	older := repository.Spec.Versions[0].DeepCopy()
	older.Name, older.Storage = "v1beta2", false
	repository.Spec.Versions = append(repository.Spec.Versions, *older)
	mark(repository, "v1beta2 is the schema of v1")
}

// inlineOCIRepository gives spec.chart what helm-controller/api v1.7.1 (v2, HelmChartTemplate and HelmChartTemplateSpec)
// has: a kind, and all fields of an OCIRepositorySpec beside those of a HelmChart, none of them required or defaulted.
func inlineOCIRepository(release, repository *apiextensionsv1.CustomResourceDefinition) {
	releaseSpec := release.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	chart := releaseSpec.Properties["chart"]
	chart.Properties["kind"] = apiextensionsv1.JSONSchemaProps{
		Type: "string", Enum: []apiextensionsv1.JSON{{Raw: []byte(`"HelmChart"`)}, {Raw: []byte(`"OCIRepository"`)}},
	}
	chart.XValidations = chartKindRules()
	spec := chart.Properties["spec"]
	inlined := repository.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	maps.Copy(spec.Properties, inlined.DeepCopy().Properties)
	spec.Required = nil
	for name, property := range spec.Properties {
		property.Default = nil
		spec.Properties[name] = property
	}
	chart.Properties["spec"] = spec
	releaseSpec.Properties["chart"] = chart
	mark(release, "spec.chart is that of helm-controller/api v1.7.1")
}

func mark(crd *apiextensionsv1.CustomResourceDefinition, what string) {
	if crd.Annotations == nil {
		crd.Annotations = map[string]string{}
	}
	crd.Annotations[derivedAnnotation] = what
}

// chartKindRules are the rules of HelmChartTemplate, word for word.
func chartKindRules() apiextensionsv1.ValidationRules {
	const inline = "!has(self.kind) || self.kind != 'OCIRepository' || "
	return apiextensionsv1.ValidationRules{
		{
			Rule:    inline + "(has(self.spec.url) && size(self.spec.url) > 0)",
			Message: "chart.spec.url must be set when chart.kind is 'OCIRepository'",
		},
		{
			Rule: "!has(self.spec.url) || (has(self.kind) && self.kind == 'OCIRepository')",
			Message: "chart.spec.url requires chart.kind: 'OCIRepository'; for a HelmChart template set spec.chart and " +
				"spec.sourceRef instead",
		},
		{
			Rule:    "(has(self.kind) && self.kind == 'OCIRepository') || (has(self.spec.chart) && has(self.spec.sourceRef))",
			Message: "chart.spec.chart and chart.spec.sourceRef must be set when chart.kind is not 'OCIRepository'",
		},
		{Rule: inline + "!has(self.spec.chart)", Message: "chart.spec.chart cannot be set when chart.kind is 'OCIRepository'"},
		{
			Rule:    inline + "!has(self.spec.version) || self.spec.version == '*'",
			Message: "chart.spec.version cannot be set when chart.kind is 'OCIRepository'",
		},
		{Rule: inline + "!has(self.spec.sourceRef)", Message: "chart.spec.sourceRef cannot be set when chart.kind is 'OCIRepository'"},
		{
			Rule:    inline + "!has(self.spec.reconcileStrategy) || self.spec.reconcileStrategy == 'ChartVersion'",
			Message: "chart.spec.reconcileStrategy cannot be set when chart.kind is 'OCIRepository'",
		},
		{Rule: inline + "!has(self.spec.valuesFiles)", Message: "chart.spec.valuesFiles cannot be set when chart.kind is 'OCIRepository'"},
		{
			Rule:    inline + "!has(self.spec.ignoreMissingValuesFiles)",
			Message: "chart.spec.ignoreMissingValuesFiles cannot be set when chart.kind is 'OCIRepository'",
		},
	}
}
