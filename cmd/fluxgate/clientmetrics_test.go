package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	_ "github.com/fluxgate/fluxgate/verify/imagepolicy" // links knative, which takes the place of client-go's metrics
)

func TestClientMetricsAreFed(t *testing.T) {
	if err := feedClientMetrics(metrics.Registry); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client, err := rest.UnversionedRESTClientFor(&rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{
		GroupVersion: &schema.GroupVersion{Version: "v1"}, NegotiatedSerializer: scheme.Codecs.WithoutConversion(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Get().AbsPath("/probe").Do(t.Context()).Error(); err == nil {
		t.Fatal("the server found something")
	}
	wantCounter(t, "rest_client_requests_total", "host", server.Listener.Addr().String())
}

// TestQueueMetricsAreFed makes a queue as controller-runtime's controllers do.
func TestQueueMetricsAreFed(t *testing.T) {
	queue := priorityqueue.New[string]("probe")
	defer queue.ShutDown()
	queue.Add("item")
	if item, _ := queue.Get(); item != "item" {
		t.Fatalf("got %s", item)
	}
	wantCounter(t, "workqueue_adds_total", "name", "probe")
}

// wantCounter fails unless what Fluxgate serves counts one of a label's value.
func wantCounter(t *testing.T, metric, label, value string) {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := 0.0
	for _, family := range families {
		if family.GetName() != metric {
			continue
		}
		for _, sample := range family.GetMetric() {
			for _, pair := range sample.GetLabel() {
				if pair.GetName() == label && pair.GetValue() == value {
					got += sample.GetCounter().GetValue()
				}
			}
		}
	}
	if got != 1 {
		t.Errorf("%s{%s=%q} is %v, want 1", metric, label, value, got)
	}
}
