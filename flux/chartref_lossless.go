package flux

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// loss is something that spec.chart says and a chartRef cannot say.
type loss struct {
	path string
	what string // "version \"6.x\""
	move string // "move it to spec.ref.semver of OCIRepository prod/app"
}

// checkLossless refuses a rewrite that would lose anything but the chart's name, which the OCIRepository's url says, the
// interval, which the OCIRepository has, and what the schema fills in by itself (helm-controller's CRD of HelmReleases).
func (h chartChoice) checkLossless(namespace string) error {
	if h.target.Namespace != "" {
		namespace = h.target.Namespace
	}
	repository := fmt.Sprintf("%s %s/%s", h.target.Kind, Plain(namespace), Plain(h.target.Name))
	losses := h.losses(repository)
	if err := h.chart.fault.err(); err != nil || len(losses) == 0 {
		return err
	}
	e := &ObjectError{Path: losses[0].path}
	if len(losses) > 1 {
		e.Path = h.chart.path
	}
	whats, moves := make([]string, len(losses)), make([]string, len(losses))
	for i, l := range losses {
		whats[i], moves[i] = l.what, l.move
	}
	e.Message = strings.Join(whats, " and ") + " would be lost in spec.chartRef, which a sourceRef of kind OCIRepository needs"
	e.Remedy = fmt.Sprintf("replace spec.chart by spec.chartRef: %s and %s", h.target, strings.Join(moves, ", "))
	return e
}

// losses lists what would be lost, in a stable order.
func (h chartChoice) losses(repository string) []loss {
	var losses []loss
	for _, key := range slices.Sorted(maps.Keys(h.chart.values)) {
		if key == "kind" || key == "spec" || isEmpty(h.chart.values[key]) {
			continue
		}
		l := loss{path: h.chart.at(Plain(key)), what: Plain(key), move: "drop " + Plain(key)}
		if key == "metadata" {
			l.move = "move the labels and annotations of the chart's metadata to " + repository
		}
		losses = append(losses, l)
	}
	template, _ := h.chart.object("spec")
	for _, key := range slices.Sorted(maps.Keys(template.values)) {
		if l := lossOf(template, key, repository); l.what != "" {
			losses = append(losses, l)
		}
	}
	if api := h.sourceRef.text("apiVersion"); api != "" && !strings.HasPrefix(api, SourceGroup+"/") {
		losses = append(losses, loss{
			path: h.sourceRef.at("apiVersion"), what: "apiVersion " + quote(api), move: "drop apiVersion, which Flux ignores",
		})
	}
	return losses
}

// lossOf judges one field of chart.spec; zero where nothing is lost.
func lossOf(template fields, key, repository string) loss {
	value := template.values[key]
	l := loss{path: template.at(Plain(key)), what: Plain(key)}
	switch {
	case key == "chart", key == "sourceRef", key == "interval", isEmpty(value) && key != "verify", value == nil,
		key == "version" && value == "*",
		key == "reconcileStrategy" && value == sourcev1.ReconcileStrategyChartVersion:
		return loss{}
	case key == "version":
		l.what = "version " + quote(template.text(key))
		l.move = fmt.Sprintf("move %s to spec.ref.semver of %s", l.what, repository)
	case key == "reconcileStrategy":
		l.move = "drop reconcileStrategy, as Flux follows the digest of an OCIRepository"
	case key == "ignoreMissingValuesFiles":
		l.move = "drop ignoreMissingValuesFiles"
	case key == "valuesFiles":
		l.move = "put what valuesFiles name into spec.values or spec.valuesFrom"
	default:
		l.move = fmt.Sprintf("move %s to spec.%s of %s", Plain(key), Plain(key), repository)
	}
	return l
}

// isEmpty reports whether Flux reads the value as if it were absent.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
