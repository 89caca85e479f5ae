package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fluxgate/fluxgate/certs"
	"github.com/fluxgate/fluxgate/cloud"
	"github.com/fluxgate/fluxgate/cluster"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/reload"
)

// certificateSecret is the Secret, in Fluxgate's namespace, that the replicas share their certificate by.
const certificateSecret = "fluxgate-tls" //nolint:gosec // a name

// serve builds everything that `fluxgate serve` consists of, and runs it until ctx ends.
func serve(ctx context.Context, f *serveFlags, stderr io.Writer) error {
	log := newLogger(stderr, f.verbose)
	ctrl.SetLogger(log)
	ctx = logr.NewContext(ctx, log)

	library, files, err := f.files()
	if err != nil {
		return err
	}
	store := reload.New(library, files)
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
	referrers := cluster.NewReferrers(mgr.GetCache(), mgr.GetRESTMapper())
	signed, err := newVerifying(ctx, mgr, live, f)
	if err != nil {
		return err
	}
	if err := f.watch(mgr, keeper, referrers, store, signed.policies.Feed); err != nil {
		return err
	}
	registries, err := f.newResolver(live)
	if err != nil {
		return err
	}
	reviewer := gate.New(gate.Options{
		Policies:      store.Policies,
		Lookup:        cluster.Lookup{Cache: mgr.GetCache(), Live: live, Mapper: mgr.GetRESTMapper()},
		Namespaces:    cluster.Namespaces{Cache: mgr.GetCache(), Live: live},
		Referrers:     referrers,
		Resolver:      registries,
		Keys:          cluster.Secrets{Live: live},
		Signatures:    signed.verifier(registries, files),
		KeepSourceRef: f.keepSourceRef,
	})
	door := doors{gate: reviewer, library: library, store: store, live: live}
	if err := door.open(mgr.GetWebhookServer(), f); err != nil {
		return err
	}
	log.Info("starting", "version", version(), "policiesOfFiles", len(store.Policies().Policies()), "port", f.port)
	return mgr.Start(ctx)
}

// newResolver logs in as an object says, with what the API server has of it at that moment.
func (f *serveFlags) newResolver(live client.Client) (*registry.Client, error) {
	o, err := f.registryOptions()
	if err != nil {
		return nil, err
	}
	counters, err := registry.NewMetrics(metrics.Registry)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	o.Metrics = counters
	o.Credentials = registry.ObjectCredentials{
		Secrets:         cluster.Secrets{Live: live},
		ServiceAccounts: cluster.ServiceAccounts{Live: live},
		Cloud: cloud.New(cloud.Options{
			Tokens: cluster.Tokens{Live: live}, Transport: registry.GuardedTransport(o),
			Timeout: f.reviewTimeout * 3 / 4, // something of the review's time is left to say what is wrong
		}),
		OwnIdentity:    f.ownIdentity,
		DefaultAccount: f.defaultAccount,
	}
	return registry.New(o), nil
}

// files are the rules, and the policies of files; nil where there are none. The built-in default policy serves only where nobody
// else can bring any.
func (f *serveFlags) files() (*policy.Library, *policy.Set, error) {
	library, err := newLibrary()
	if err != nil || f.clusterPolicies && len(f.policies) == 0 {
		return library, nil, err
	}
	files, err := loadPolicies(library, f.policies)
	return library, files, err
}

// watch feeds the store from the cluster, and makes the replica ready when it has heard of everything.
func (f *serveFlags) watch(
	mgr manager.Manager, keeper *certs.Certs, referrers *cluster.Referrers, store *reload.Store, imagePolicies feeder,
) error {
	if !f.clusterPolicies {
		return addChecks(mgr, keeper, referrers, imagePolicies)
	}
	if err := cluster.WriteStatuses(mgr, store); err != nil {
		return err
	}
	return addChecks(mgr, keeper, referrers, imagePolicies, func(ctx context.Context) (func() bool, error) {
		return cluster.FeedPolicies(ctx, mgr.GetCache(), store)
	})
}

func (f *serveFlags) registryOptions() (registry.Options, error) {
	o, err := f.dialling.options(f.reviewTimeout)
	o.Cache = registry.CacheOptions{Size: f.cacheSize}
	return o, err
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
