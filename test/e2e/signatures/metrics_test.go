package signatures_test

import (
	"fmt"
	"testing"

	"github.com/fluxgate/fluxgate/test/stack"
)

// TestTheMetricsOfControllerRuntimeAreFed although knative, which policy-controller's library links in, takes client-go's one place
// for a provider of metrics.
func TestTheMetricsOfControllerRuntimeAreFed(t *testing.T) {
	p := newPlace(t, verified) // something is reconciled and reviewed
	p.wants("an artifact without a verify block", p.apply(p.source("app", "  ref: {digest: '"+p.artifact("v1")+"'}\n")), "has no verify block")
	p.eventually("all metrics are fed", func() error { // a reconciliation is counted when it has ended, after the status that it wrote
		families, err := stack.Metrics(t.Context(), world.Fluxgate.Metrics)
		if err != nil {
			return err
		}
		for _, name := range []string{
			"rest_client_requests_total", "workqueue_adds_total", "controller_runtime_reconcile_total",
			"controller_runtime_webhook_requests_total", "fluxgate_reviews_total", "go_goroutines",
		} {
			sum := 0.0
			for _, sample := range families[name].GetMetric() {
				sum += sample.GetCounter().GetValue() + sample.GetGauge().GetValue()
			}
			if sum == 0 {
				return fmt.Errorf("%s is not fed", name)
			}
		}
		return nil
	})
}
