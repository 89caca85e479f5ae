package main

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/reload"
	admit "github.com/fluxgate/fluxgate/webhook"
)

// doors are what the webhooks lead to.
type doors struct {
	gate    *gate.Gate
	library *policy.Library
	store   *reload.Store
	// live asks the API server itself.
	live cluster.Creator
}

// open puts the webhooks on their server.
func (d doors) open(server webhook.Server, f *serveFlags) error {
	counters, err := admit.NewMetrics(metrics.Registry)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	admit.Register(server, admit.Options{
		Reviewer: cluster.Once{Reviewer: d.gate}, Guard: d.gate, Access: cluster.Access{Live: d.live},
		Compiler: d.library, Policies: d.store.Policies, InFiles: d.store.FromFile,
		Metrics: counters, Timeout: f.reviewTimeout,
	})
	return nil
}
