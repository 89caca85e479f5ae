package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/fluxgate/fluxgate/certs"
	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	admit "github.com/fluxgate/fluxgate/webhook"
)

// certificateSecret is the Secret, in Fluxgate's namespace, that the replicas share their certificate by.
const certificateSecret = "fluxgate-tls"

// serve builds everything that `fluxgate serve` consists of, and runs it until ctx ends.
func serve(ctx context.Context, f *serveFlags, stderr io.Writer) error {
	log := newLogger(stderr, f.verbose)
	ctrl.SetLogger(log)
	ctx = logr.NewContext(ctx, log)

	policies, err := loadPolicies(f.policies)
	if err != nil {
		return err
	}
	roots, err := rootsOf(f.registryCA)
	if err != nil {
		return err
	}
	egress, err := parsePrefixes(f.egressAllow)
	if err != nil {
		return usageError{err}
	}
	config, err := restConfig(f.kubeconfig)
	if err != nil {
		return err
	}
	live, err := client.New(config, client.Options{})
	if err != nil {
		return fmt.Errorf("API server %s: %w", config.Host, err)
	}
	keeper, err := certs.New(certs.Options{
		Client: live, Namespace: f.namespace, Secret: certificateSecret,
		Names:          append(certs.ServiceNames(f.service, f.namespace), f.tlsSANs...),
		Configurations: []string{f.webhookConfig},
	})
	if err != nil {
		return err
	}
	mgr, err := newManager(config, f, log, keeper)
	if err != nil {
		return err
	}
	reviewer := gate.New(gate.Options{
		Policies:   func() *policy.Set { return policies },
		Lookup:     cluster.Lookup{Cache: mgr.GetCache(), Live: live, Mapper: mgr.GetRESTMapper()},
		Namespaces: cluster.Namespaces{Cache: mgr.GetCache(), Live: live},
		Resolver: registry.New(registry.Options{
			Credentials:    registry.PullSecrets{Reader: cluster.Secrets{Live: live}},
			Roots:          roots,
			AllowEgress:    egress,
			ResolveTimeout: f.reviewTimeout,
		}),
		KeepSourceRef: f.keepSourceRef,
	})
	counters, err := admit.NewMetrics(metrics.Registry)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if err := watchCertificate(mgr, keeper, metrics.Registry); err != nil {
		return err
	}
	admit.Register(mgr.GetWebhookServer(), admit.Options{Reviewer: reviewer, Metrics: counters, Timeout: f.reviewTimeout})
	if err := addChecks(mgr, keeper); err != nil {
		return err
	}
	log.Info("starting", "version", version(), "policies", len(policies.Policies()), "port", f.port)
	return mgr.Start(ctx)
}

func newLogger(w io.Writer, verbose bool) logr.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return logr.FromSlogHandler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// restConfig reaches the API server. Each review may read from it, so the client's own rate limit, which is made for
// controllers, is left to the API server's priority and fairness.
func restConfig(kubeconfig string) (*rest.Config, error) {
	config, err := rest.InClusterConfig()
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	}
	if err != nil {
		return nil, inputError{fmt.Errorf("no way to the API server: %w; use --kubeconfig outside of a cluster", err)}
	}
	config.QPS = -1
	return config, nil
}

func newManager(config *rest.Config, f *serveFlags, log logr.Logger, keeper *certs.Certs) (manager.Manager, error) {
	mgr, err := manager.New(config, manager.Options{
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
	return mgr, nil
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

// addChecks makes a replica ready only when it can answer: the caches are full, the certificate is published, and the
// handlers are served.
func addChecks(mgr manager.Manager, keeper *certs.Certs) error {
	warm := make(chan struct{})
	if err := mgr.Add(everyReplica(func(ctx context.Context) error {
		if err := cluster.Warm(ctx, mgr.GetCache(), mgr.GetRESTMapper()); err != nil {
			return err
		}
		if mgr.GetCache().WaitForCacheSync(ctx) {
			close(warm)
		}
		<-ctx.Done()
		return nil
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
				return fmt.Errorf("namespaces and sources are still being read")
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

// rootsOf returns the system's certificates with those of a file; nil, which means the system's, where there is no file.
func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, inputError{fmt.Errorf("--registry-ca: %w", err)}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("system certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, inputError{fmt.Errorf("--registry-ca: %s holds no PEM certificate", file)}
	}
	return pool, nil
}

func loadPolicies(paths []string) (*policy.Set, error) {
	if len(paths) == 0 {
		return policy.Default()
	}
	return policy.Load(paths...)
}
