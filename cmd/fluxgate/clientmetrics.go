package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientmetrics "k8s.io/client-go/tools/metrics"
)

// feedClientMetrics lets the requests to the API server be counted in controller-runtime's rest_client_requests_total. client-go
// takes providers of metrics once only, and knative, which policy-controller's library links in, takes that turn in an init
// that runs before controller-runtime's. It must be called before the first request.
//
// The queues of controllers need no such help: controller-runtime gives its own provider to each (priorityqueue.New).
func feedClientMetrics(registry prometheus.Registerer) error {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rest_client_requests_total", Help: "Number of HTTP requests, partitioned by status code, method, and host.",
	}, []string{"code", "method", "host"})
	var there prometheus.AlreadyRegisteredError
	switch err := registry.Register(requests); {
	case errors.As(err, &there):
		registered, is := there.ExistingCollector.(*prometheus.CounterVec)
		if !is {
			return fmt.Errorf("metrics: rest_client_requests_total is a %T", there.ExistingCollector)
		}
		requests = registered
	case err != nil:
		return fmt.Errorf("metrics: %w", err)
	}
	clientmetrics.RequestResult = requestCounter{requests}
	clientmetrics.RequestLatency = noLatency{} // as with controller-runtime's default, and unlike knative's
	return nil
}

type requestCounter struct{ requests *prometheus.CounterVec }

// Increment implements clientmetrics.ResultMetric.
func (c requestCounter) Increment(_ context.Context, code, method, host string) {
	c.requests.WithLabelValues(code, method, host).Inc()
}

type noLatency struct{}

// Observe implements clientmetrics.LatencyMetric.
func (noLatency) Observe(context.Context, string, url.URL, time.Duration) {}
