package flux

import (
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// defaultHelmRepositoryInterval is what Flux takes where a HelmRepository names none (HelmRepository.GetRequeueAfter).
const defaultHelmRepositoryInterval = "1m"

// Intervals are how often Flux looks by itself, as the object writes it: Go durations, since Sources refuses others.
type Intervals struct {
	// Object is spec.interval. It is empty where none is written, and for a HelmRepository of type oci, of which Flux
	// does not read it; one over http without an interval has Flux's default.
	Object string
	// Chart is spec.chart.spec.interval of a HelmRelease: that of the HelmChart or OCIRepository which helm-controller
	// makes. It is empty where none is written, and then Object's holds.
	Chart string
}

// IntervalsOf reads the intervals of an object. A value that is no string reads as empty; Sources makes an error of it.
func IntervalsOf(obj *unstructured.Unstructured) Intervals {
	text := func(path ...string) string {
		value, _, _ := unstructured.NestedString(obj.Object, path...)
		return value
	}
	i := Intervals{Object: text("spec", "interval")}
	gvk := obj.GroupVersionKind()
	switch {
	case gvk.Group == HelmGroup:
		i.Chart = text("spec", "chart", "spec", "interval")
	case gvk.Group != SourceGroup || gvk.Kind != sourcev1.HelmRepositoryKind:
	case text("spec", "type") == sourcev1.HelmRepositoryTypeOCI:
		i.Object = ""
	case i.Object == "":
		i.Object = defaultHelmRepositoryInterval
	}
	return i
}

// duration reads a field as Flux's controllers do (metav1.Duration). Flux's schema refuses negative ones, and lets some pass
// that are too long to be read.
func (f fields) duration(key string) {
	text := f.text(key)
	if text == "" {
		return
	}
	if d, err := time.ParseDuration(text); err != nil || d < 0 {
		f.fault.set(f.at(key), "must be a duration as in 30s, 10m or 1h30m, is "+quote(text))
	}
}
