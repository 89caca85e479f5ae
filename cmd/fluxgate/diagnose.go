package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fluxgate/fluxgate/diagnose"
)

// diagnoseFlags are the settings of `fluxgate diagnose`. The zero value of each is documented at its flag.
type diagnoseFlags struct {
	manifestFlags
	kubeconfig string
	context    string
}

func newDiagnoseCommand() *cobra.Command {
	f := &diagnoseFlags{}
	cmd := &cobra.Command{
		Use:                   "diagnose [--offline] [-v] [-o FORMAT] KIND/NAMESPACE/NAME|FILE|-",
		Short:                 "Find out why Flux cannot pull an OCIRepository",
		DisableFlagsInUseLine: true,
		Long: `Walk the steps that Flux walks to pull what an OCIRepository names, and say which one fails and what to do: the url, the
Secrets and the ServiceAccount that it names, whether the registry is reached and takes the login, its digest, tag or
semver range, the manifest and the layer that Flux takes, and the signature.

An object of the cluster is named as OCIRepository/NAMESPACE/NAME, or as HelmRelease/NAMESPACE/NAME where the chartRef of
that leads to one. Any other argument is a file; - is standard input. Of a file each OCIRepository is walked, with the Secrets
and ServiceAccounts in the same file, and the cluster is not asked.

Registries are asked from here, where the network may be another than in the cluster, with the login that the object names.
Your own docker configuration, --registry-ca and HTTPS_PROXY stand in for what is not in the file, and for the cloud identity
of source-controller's pod; the step credentials says so. As in reviews, private, loopback and metadata addresses are not
dialled unless --egress-allow permits them, and time, size and number of answers are limited.

Exit codes: 0 no step fails; 1 a step fails; 2 bad usage, or an object that does not exist or cannot be read; 3 it could not
be done or told. Of several the first of 2, 1, 3 counts.`,
		Example: `  fluxgate diagnose OCIRepository/apps/podinfo
  fluxgate diagnose -v HelmRelease/apps/podinfo
  kustomize build apps | fluxgate diagnose --offline -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one object, as OCIRepository/NAMESPACE/NAME, or one file, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(diagnose.CheckFormat); err != nil {
				return usageError{err}
			}
			return f.run(cmd.Context(), args[0], streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	f.bind(cmd)
	return cmd
}

func (f *diagnoseFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "how to reach the API server (default: KUBECONFIG, ~/.kube/config, or the pod's own service account)")
	flags.StringVar(&f.context, "context", "", "context of the kubeconfig (default: its current one)")
	flags.StringVarP(&f.namespace, "namespace", "n", "default", "namespace of the objects in the file that name none")
	flags.StringVarP(&f.output, "output", "o", "text", "format of the report: "+strings.Join(diagnose.Formats(), ", "))
	flags.BoolVar(&f.offline, "offline", false, "ask no registry; the API server is still asked for an object that is named")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say what is behind a step: addresses, answers")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "longest time for one step")
	f.trust.bind(flags)
	f.dialling.bind(flags, "private, loopback, link-local or metadata")
}
