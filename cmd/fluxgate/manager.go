package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/fluxgate/fluxgate/certs"
	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// newManager returns a manager that serves the webhooks with the certificate that keeper keeps up.
func newManager(config *rest.Config, f *serveFlags, log logr.Logger, keeper *certs.Certs) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("scheme: %w", err)
		}
	}
	if err := feedClientMetrics(metrics.Registry); err != nil {
		return nil, err
	}
	mgr, err := manager.New(config, manager.Options{
		Scheme:                 scheme,
		Logger:                 log,
		Cache:                  cache.Options{DefaultTransform: cluster.Slim, ReaderFailOnMissingInformer: false},
		Metrics:                metricsserver.Options{BindAddress: f.metricsAdr},
		HealthProbeBindAddress: f.healthAddr,
		WebhookServer: webhook.NewServer(webhook.Options{Port: f.port, TLSOpts: []func(*tls.Config){func(c *tls.Config) {
			c.MinVersion = tls.VersionTLS13
			c.GetCertificate = keeper.GetCertificate
		}}}),
	})
	if err != nil {
		return nil, fmt.Errorf("manager: %w", err)
	}
	return mgr, watchCertificate(mgr, keeper, metrics.Registry)
}

// watchCertificate keeps the certificate up on every replica, and shows when it expires.
func watchCertificate(mgr manager.Manager, keeper *certs.Certs, r prometheus.Registerer) error {
	if err := r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "fluxgate", Name: "certificate_expiry_timestamp_seconds",
		Help: "When the serving certificate expires, in seconds since 1970; 0 before there is one.",
	}, func() float64 {
		if expiry := keeper.Expiry(); !expiry.IsZero() {
			return float64(expiry.Unix())
		}
		return 0
	})); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return mgr.Add(everyReplica(keeper.Run))
}

// everyReplica is a Runnable that waits for no leader.
type everyReplica func(context.Context) error

func (r everyReplica) Start(ctx context.Context) error { return r(ctx) }

func (everyReplica) NeedLeaderElection() bool { return false }

// until waits for all conditions, and reports whether they came true before ctx ended.
func until(ctx context.Context, conditions []func() bool) bool {
	synced := make([]toolscache.InformerSynced, len(conditions))
	for i, condition := range conditions {
		synced[i] = condition
	}
	return toolscache.WaitForCacheSync(ctx.Done(), synced...)
}

// feeder starts to tell somebody what there is in the cluster; what it returns reports whether that was told in full.
type feeder func(ctx context.Context) (fed func() bool, err error)

// addChecks makes a replica ready only when it can answer: the caches are full and the feeders have told everything, it is
// known who refers to which source, the certificate is published, and the handlers are served.
func addChecks(mgr manager.Manager, keeper *certs.Certs, referrers *cluster.Referrers, feeders ...feeder) error {
	warm := make(chan struct{})
	if err := mgr.Add(everyReplica(func(ctx context.Context) error {
		if err := cluster.Warm(ctx, mgr.GetCache(), mgr.GetRESTMapper()); err != nil {
			return err
		}
		var fed []func() bool
		for _, feed := range feeders {
			all, err := feed(ctx)
			if err != nil {
				return err
			}
			fed = append(fed, all)
		}
		if err := referrers.Watch(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if mgr.GetCache().WaitForCacheSync(ctx) && until(ctx, fed) {
			close(warm)
		}
		return referrers.Run(ctx)
	})); err != nil {
		return err
	}
	checks := map[string]func(*http.Request) error{
		"certificate": func(*http.Request) error { return keeper.Ready() },
		"webhooks":    mgr.GetWebhookServer().StartedChecker(),
		"caches": func(*http.Request) error {
			select {
			case <-warm:
				return nil
			default:
				return errors.New("policies, exceptions, namespaces, sources and what refers to them are still being read")
			}
		},
	}
	for name, check := range checks {
		if err := mgr.AddReadyzCheck(name, check); err != nil {
			return err
		}
	}
	return mgr.AddHealthzCheck("ping", func(*http.Request) error { return nil })
}
