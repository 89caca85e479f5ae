package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// untilCalled returns when the API server calls both webhooks and trusts their certificate. It learns of the configurations, and
// of the caBundle that Fluxgate writes into them, by watches: a moment after Fluxgate itself is ready.
func (s *Stack) untilCalled(ctx context.Context) error {
	admin, err := client.New(s.Config, client.Options{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	for {
		called, err := s.calls(ctx, admin)
		if called {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server does not call the webhooks: %w\n%s", errors.Join(err, ctx.Err()), s.Fluxgate.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// calls creates an object, but does not store it, and reports whether both webhooks were asked about it. What they say is nothing
// to this: a denial is an answer.
func (s *Stack) calls(ctx context.Context, admin client.Client) (bool, error) {
	before, err := s.Fluxgate.reviews(ctx)
	if err != nil {
		return false, err
	}
	probe := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
		"metadata": map[string]any{"namespace": "default", "name": "probe"},
		"spec": map[string]any{ // no registry is asked about a digest
			"interval": "10m", "url": "oci://probe.example.com/probe", "ref": map[string]any{"digest": "sha256:" + strings.Repeat("0", 64)},
		},
	}}
	if err := admin.Create(ctx, probe, client.DryRunAll); err != nil && !apierrors.IsForbidden(err) {
		return false, err
	}
	after, err := s.Fluxgate.reviews(ctx)
	return err == nil && after["/mutate"] > before["/mutate"] && after["/validate"] > before["/validate"], err
}

// reviews counts those that were answered so far, by the paths of the webhooks.
func (p *Process) reviews(ctx context.Context) (map[string]float64, error) {
	families, err := Metrics(ctx, p.Metrics)
	counted := map[string]float64{}
	for _, sample := range families["controller_runtime_webhook_requests_total"].GetMetric() {
		for _, label := range sample.GetLabel() {
			if label.GetName() == "webhook" {
				counted[label.GetValue()] += sample.GetCounter().GetValue()
			}
		}
	}
	return counted, err
}
