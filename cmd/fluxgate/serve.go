package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"
)

// serveFlags are the settings of `fluxgate serve`. The zero value of each is documented at its flag.
type serveFlags struct {
	policies        []string
	clusterPolicies bool
	kubeconfig      string

	port       int
	healthAddr string
	metricsAdr string

	namespace     string
	service       string
	webhookConfig string
	tlsSANs       []string

	dialling  diallingFlags
	cacheSize int

	ownIdentity    bool
	defaultAccount string

	reviewTimeout time.Duration
	keepSourceRef bool
	verbose       bool
	trust         trustFlags

	imagePolicyNamespace string
	askRevocation        bool
}

func newServeCommand() *cobra.Command {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the admission webhooks",
		Long: `Run the admission webhooks: /mutate pins and rewrites, /validate judges.

The serving certificate is made at start, kept in the Secret fluxgate-tls and published to the webhook configurations.
SourcePolicies and PolicyExceptions are read from the cluster, and from the files of --policy. A change in the cluster is in
force at once; files are read at start. With --cluster-policies=false and no --policy the built-in default policy applies.`,
		Example: `  fluxgate serve
  fluxgate serve --cluster-policies=false --policy /etc/fluxgate/policies
  fluxgate serve --kubeconfig ~/.kube/config --policy production.yaml --tls-san 127.0.0.1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usageError{err}
			}
			return serve(cmd.Context(), f, cmd.ErrOrStderr())
		},
	}
	f.bind(cmd)
	return cmd
}

func (f *serveFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.policies, "policy", "p", nil, "file or directory of SourcePolicies; repeatable")
	flags.BoolVar(&f.clusterPolicies, "cluster-policies", true, "read SourcePolicies and PolicyExceptions from the cluster")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "how to reach the API server (default: the pod's own service account)")
	flags.IntVar(&f.port, "port", 9443, "port of the webhooks")
	flags.StringVar(&f.healthAddr, "health-addr", ":8081", "address of /healthz and /readyz")
	flags.StringVar(&f.metricsAdr, "metrics-addr", ":8080", `address of /metrics; "0" turns it off`)
	flags.StringVar(&f.namespace, "namespace", "fluxgate-system", "namespace that Fluxgate runs in")
	flags.StringVar(&f.service, "service", "fluxgate", "Service by which the API server calls the webhooks")
	flags.StringVar(&f.webhookConfig, "webhook-config", "fluxgate", "name of both webhook configurations, which get the CA")
	flags.StringArrayVar(&f.tlsSANs, "tls-san", nil, "further DNS name or IP address of the serving certificate; repeatable")
	f.dialling.bind(flags, "loopback, link-local or metadata")
	flags.IntVar(&f.cacheSize, "registry-cache-size", 4096,
		"answers of registries that are kept, and as many failures; at most 0.7 KB an answer, 2 KB a failure")
	flags.BoolVar(&f.ownIdentity, "own-cloud-identity", false,
		"use the identity that Fluxgate's own pods have in a cloud for sources with a provider that name no ServiceAccount")
	flags.StringVar(&f.defaultAccount, "default-service-account", "",
		"ServiceAccount whose identity in a cloud sources with a provider have that name none; as the flag of source-controller")
	flags.DurationVar(&f.reviewTimeout, "review-timeout", 8*time.Second, "longest time for one review; less than the webhooks' timeoutSeconds")
	flags.BoolVar(&f.keepSourceRef, "keep-source-ref", false,
		"do not rewrite a HelmRelease's chart.spec.sourceRef to an OCIRepository into a chartRef")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every review")
	f.trust.bind(flags)
	flags.BoolVar(&f.askRevocation, "notation-revocation", false,
		"ask the OCSP and CRL servers that certificates of notation's signatures name, at public addresses, whether those are revoked")
	flags.StringVar(&f.imagePolicyNamespace, "image-policy-namespace", "cosign-system",
		"namespace of the Secrets that ClusterImagePolicies name: that of sigstore's policy-controller")
}

// check reports every setting that cannot be.
func (f *serveFlags) check() error {
	var all []error
	if f.port < 1 || f.port > 65535 {
		all = append(all, fmt.Errorf("--port: %d is no port, use 1 to 65535", f.port))
	}
	for name, addr := range map[string]string{"--health-addr": f.healthAddr, "--metrics-addr": f.metricsAdr} {
		if _, _, err := net.SplitHostPort(addr); err != nil && addr != "0" {
			all = append(all, fmt.Errorf("%s: %q is no address, use HOST:PORT or :PORT", name, addr))
		}
	}
	if f.reviewTimeout <= 0 || f.reviewTimeout > 30*time.Second {
		all = append(all, fmt.Errorf("--review-timeout: %s is not between 0s and 30s, the longest that the API server waits", f.reviewTimeout))
	}
	for _, reason := range nameProblems(f.defaultAccount) {
		all = append(all, fmt.Errorf("--default-service-account: %q is no name of a ServiceAccount: %s", f.defaultAccount, reason))
	}
	if f.ownIdentity && f.defaultAccount != "" {
		all = append(all, errors.New("--own-cloud-identity: no source uses it beside --default-service-account, leave one of them out"))
	}
	if f.cacheSize < 1 || f.cacheSize > 1_000_000 {
		all = append(all, fmt.Errorf("--registry-cache-size: %d is not between 1 and 1000000", f.cacheSize))
	}
	return errors.Join(append(all, f.dialling.check(), f.trust.check())...)
}

// nameProblems says what keeps a name, where there is one, from being a ServiceAccount's.
func nameProblems(name string) []string {
	if name == "" {
		return nil
	}
	return validation.IsDNS1123Subdomain(name)
}
