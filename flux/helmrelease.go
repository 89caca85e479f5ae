package flux

import (
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// declareHelmRelease reads a helmv2.HelmReleaseSpec, and the chart.kind of helm-controller 1.7. Flux's schema allows
// either chart or chartRef; where both are written, both are read.
func declareHelmRelease(spec fields, own types.NamespacedName) []declaration {
	spec.text("targetNamespace")
	spec.text("serviceAccountName")
	var declared []declaration
	if chart, found := spec.object("chart"); found {
		declared = append(declared, declareTemplate(chart, own))
	}
	if ref, found := spec.object("chartRef"); found {
		declared = append(declared, declareReference(ref, own.Namespace, sourcev1.OCIRepositoryKind, sourcev1.HelmChartKind))
	}
	if len(declared) == 0 {
		spec.fault.set(spec.path, "names no chart: set either chart or chartRef")
	}
	return declared
}

// declareTemplate reads a helmv2.HelmChartTemplate: helm-controller makes a HelmChart of it, in the namespace of its
// sourceRef (buildHelmChartFromTemplate), or since 1.7, by its kind, an OCIRepository in the namespace of the HelmRelease
// (GetHelmChartTemplateReference).
func declareTemplate(template fields, own types.NamespacedName) declaration {
	spec := template.requiredObject("spec")
	spec.duration("interval")
	made := Key{Group: SourceGroup, Kind: template.text("kind"), NamespacedName: own}
	made.Name = own.Namespace + "-" + own.Name
	var d declaration
	switch made.Kind {
	case "", sourcev1.HelmChartKind:
		ref := declareReference(spec.requiredObject("sourceRef"), own.Namespace, chartSources()...)
		made.Kind, made.Namespace = sourcev1.HelmChartKind, ref.source.Namespace
		d = declareChart(spec, ref)
	case sourcev1.OCIRepositoryKind:
		d.source = declareOCIRepository(spec, own.Namespace)
	default:
		return declaration{source: Source{Form: FormUntraceable, Kind: made.Kind, Path: spec.path, Namespace: own.Namespace}}
	}
	d.made = made
	return d
}

// chartSources are the kinds of sourceRef that are followed. Flux's schema refuses an OCIRepository there, though many
// write it: RewriteChartRef mends that.
func chartSources() []string {
	return []string{sourcev1.HelmRepositoryKind, sourcev1.OCIRepositoryKind}
}

// declareChart reads the spec of a HelmChart, or of the template of one: a chart in a HelmRepository, or a path in the
// other source that ref names.
func declareChart(spec fields, ref declaration) declaration {
	chart := chartOf(spec)
	if ref.refers.Kind == sourcev1.HelmRepositoryKind {
		ref.chart = &chart
		ref.source.Chart, ref.source.Ref = chart.Chart, chart.Ref // known, whatever becomes of the HelmRepository
	}
	return ref
}
