package flux

import (
	"fmt"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// RewriteChartRef turns a HelmRelease whose spec.chart.spec.sourceRef is an OCIRepository, which much documentation shows
// and Flux's schema refuses, into one with a spec.chartRef to it. It returns obj itself where nothing changes, else a
// changed copy, and a note for the user where the spec changed. Where the rewrite would lose what spec.chart says, the
// error is an *ObjectError with the change that keeps it.
//
// An annotation records the rewrite, since a chartRef that a webhook adds has no owner: when the manifest is applied again,
// its chart comes back beside our chartRef, and Flux allows only one of them. A chartRef is ours when the record equals it
// and nobody applies it. The record is no evidence: a forged one lets at most a chartRef that equals it be replaced or
// removed beside a chart, which its author could have done himself.
func RewriteChartRef(obj *unstructured.Unstructured) (rewritten *unstructured.Unstructured, note string, err error) {
	if gvk := obj.GroupVersionKind(); gvk.Group != HelmGroup || gvk.Kind != helmv2.HelmReleaseKind {
		return obj, "", nil
	}
	h, err := readChartChoice(obj)
	if err != nil {
		return nil, "", err
	}
	switch {
	case h.wanted() && (!h.hasRef || h.ours):
		return h.derive(obj)
	case h.hasChart && h.ours:
		rewritten = obj.DeepCopy()
		unstructured.RemoveNestedField(rewritten.Object, "spec", "chartRef")
		dropRecord(rewritten)
		return rewritten, "spec.chartRef was removed: Fluxgate had derived it, and spec.chart no longer names an OCIRepository", nil
	case h.recorded && !h.ours:
		rewritten = obj.DeepCopy()
		dropRecord(rewritten)
		return rewritten, "", nil
	default:
		return obj, "", nil
	}
}

// chartChoice is what a HelmRelease says of its chart, as far as the rewrite needs it.
type chartChoice struct {
	chart, sourceRef fields
	hasChart, hasRef bool
	// target is what sourceRef names; its kind tells whether a rewrite is wanted.
	target chartRecord
	// recorded: there is an annotation, whatever it says. ours: it says that the chartRef is Fluxgate's.
	recorded, ours bool
}

func readChartChoice(obj *unstructured.Unstructured) (chartChoice, error) {
	var f fault
	var h chartChoice
	spec, _ := rootOf(obj.Object, &f).object("spec")
	h.chart, h.hasChart = spec.object("chart")
	if kind := h.chart.text("kind"); kind == "" || kind == sourcev1.HelmChartKind {
		template, _ := h.chart.object("spec")
		h.sourceRef, _ = template.object("sourceRef")
		h.target = chartRecord{
			Kind: h.sourceRef.text("kind"), Name: h.sourceRef.text("name"), Namespace: h.sourceRef.text("namespace"),
		}
	}
	var ref fields
	ref, h.hasRef = spec.object("chartRef")
	record, recorded := readRecord(obj)
	h.recorded = recorded
	h.ours = h.hasRef && record.equals(ref) && !AppliedBy(obj, "spec", "chartRef")
	return h, f.err()
}

// wanted reports whether chart is of the form that is rewritten.
func (h chartChoice) wanted() bool { return h.target.Kind == sourcev1.OCIRepositoryKind }

// derive returns a copy of obj whose chart is replaced by a chartRef and its record.
func (h chartChoice) derive(obj *unstructured.Unstructured) (*unstructured.Unstructured, string, error) {
	if h.target.Name == "" {
		return nil, "", &ObjectError{Path: h.sourceRef.at("name"), Message: "is required"}
	}
	if err := h.checkLossless(obj.GetNamespace()); err != nil {
		return nil, "", err
	}
	rewritten := obj.DeepCopy()
	spec, _ := rewritten.Object["spec"].(map[string]any)
	delete(spec, "chart")
	spec["chartRef"] = h.target.fields()
	if err := writeRecord(rewritten, h.target); err != nil {
		return nil, "", err
	}
	note := fmt.Sprintf("spec.chart, whose sourceRef is an OCIRepository, was rewritten to spec.chartRef: %s", h.target)
	return rewritten, note, nil
}
