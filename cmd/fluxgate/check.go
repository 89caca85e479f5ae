package main

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fluxgate/fluxgate/check"
)

// checkFlags are the settings of `fluxgate check`. The zero value of each is documented at its flag.
type checkFlags struct {
	manifestFlags
	policies      []string
	keepSourceRef bool
}

func newCheckCommand() *cobra.Command {
	f := &checkFlags{}
	cmd := &cobra.Command{
		Use:                   "check [-p POLICY]... [--offline] [-o FORMAT] PATH...|-",
		Short:                 "Judge manifests as the webhooks would",
		DisableFlagsInUseLine: true,
		Long: `Judge manifests as the webhooks would when they are applied, and show the digests that would be pinned.

Each PATH is a file, a directory that is read with all below it (*.yaml, *.yml, *.json), or - for standard input. Files may
hold several documents and lists. References between objects and the labels of Namespaces are taken from the same files, so
that a source is judged for whatever refers to it there; other objects, and YAML that is no Kubernetes object, are passed
over. Without --policy the built-in default policy applies.

PolicyExceptions count, be they among the policies or among the manifests, as far as their policy accepts them. SourcePolicies
among the manifests are only looked at for mistakes: a check judges by those of --policy.

Registries are asked with your own docker configuration, whatever secretRef, serviceAccountName and provider name, and with
--registry-ca and HTTPS_PROXY for certSecretRef and proxySecretRef. With --offline no connection is opened: what needs a
registry is reported as not judged and does not change the exit code. Signatures are verified where a policy asks for it; keyless
ones need --trusted-root, --trusted-root-tuf or a trusted root in the policy or the Secret. Of Secrets in the files only that is read
which signatures are verified with; a Secret that is not there, or is encrypted, is reported as not judged in the same way.

ClusterImagePolicies are read with the policies of --policy.

` + exitCodes,
		Example: `  fluxgate check --policy policies/ clusters/production/
  kustomize build clusters/production | fluxgate check -p production.yaml -
  fluxgate check --offline -o json podinfo.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no PATH given; name files or directories, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(check.CheckFormat); err != nil {
				return usageError{err}
			}
			return f.run(cmd.Context(), args, streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	f.bind(cmd)
	return cmd
}

func (f *checkFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.policies, "policy", "p", nil, "file or directory of SourcePolicies and PolicyExceptions; repeatable")
	flags.StringVarP(&f.namespace, "namespace", "n", "default", "namespace of the objects that name none")
	flags.StringVarP(&f.output, "output", "o", "text", "format of the report: "+strings.Join(check.Formats(), ", "))
	flags.BoolVar(&f.offline, "offline", false, "open no connection")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "say what is behind what could not be judged: addresses, answers")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "longest time for one object")
	f.dialling.bind(flags, "loopback, link-local or metadata")
	flags.BoolVar(&f.keepSourceRef, "keep-source-ref", false,
		"do not rewrite a HelmRelease's chart.spec.sourceRef to an OCIRepository into a chartRef")
	f.trust.bind(flags)
}
