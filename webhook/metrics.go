package webhook

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/fluxgate/fluxgate/gate"
)

// Metrics count reviews. Their labels are bounded: doors, verdicts, status codes, failure classes, and the names of
// policies and rules, which administrators write.
type Metrics struct {
	reviews    *prometheus.CounterVec
	violations *prometheus.CounterVec
	failures   *prometheus.CounterVec
	bypasses   *prometheus.CounterVec
	pins       prometheus.Counter
}

// NewMetrics registers the counters with r.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "fluxgate", Name: name, Help: help}, labels)
	}
	m := &Metrics{
		reviews: counter("reviews_total",
			"Reviews by door (mutate, validate, policies, namespaces), verdict (skipped where nothing was judged) and status code.",
			"door", "verdict", "code"),
		violations: counter("violations_total",
			"Violations found by the validating webhooks, by policy, rule and action; Skip where an exception covers them.", "policy", "rule", "action"),
		failures: counter("failures_total",
			"What could not be judged, by door and class.", "door", "class"),
		bypasses: counter("bypasses_total",
			"Requests that a policy would have refused and whose user bypassed it, by policy; dry runs included.", "policy"),
		pins: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "fluxgate", Name: "pins_total", Help: "Digests written by the mutating webhook, dry runs included."}),
	}
	for _, c := range []prometheus.Collector{m.reviews, m.violations, m.failures, m.bypasses, m.pins} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) observe(door string, d gate.Decision, response admission.Response) {
	verdict := d.Verdict.String()
	if d.Skipped != "" {
		verdict = "skipped"
	}
	code := http.StatusOK
	if response.Result != nil {
		code = int(response.Result.Code)
	}
	m.reviews.WithLabelValues(door, verdict, strconv.Itoa(code)).Inc()
	for _, v := range d.Violations {
		m.violations.WithLabelValues(v.Policy, v.Rule, string(v.Action)).Inc()
	}
	for _, f := range d.Failures {
		m.failures.WithLabelValues(door, f.Class).Inc()
	}
	for _, p := range d.Bypassed { // of the mutating call there are none: the validating one counts
		m.bypasses.WithLabelValues(p).Inc()
	}
	for _, p := range d.Pins {
		if !p.Dry {
			m.pins.Inc()
		}
	}
}
