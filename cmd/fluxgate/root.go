package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// newRootCommand builds the whole command tree.
func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "fluxgate",
		Short: "Admission control for what Flux pulls",
		Long: `Fluxgate is admission control for what Flux pulls: it knows what an OCIRepository or a HelmRelease will make the
cluster download, refuses what policy forbids, and pins tags to digests.

` + exitCodes,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newCheckCommand(), newDiagnoseCommand(), newRulesCommand(), newServeCommand(), newTestCommand(), newVersionCommand())
	markUsageErrors(root)
	return root
}

// markUsageErrors makes every error that a command's flags or arguments cause a usageError that names the command's help.
func markUsageErrors(cmd *cobra.Command) {
	explain := func(cmd *cobra.Command, err error) error {
		if err == nil {
			return nil
		}
		return usageError{fmt.Errorf("%w\nsee '%s --help'", err, cmd.CommandPath())}
	}
	cmd.SetFlagErrorFunc(explain)
	if validate := cmd.Args; validate != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error { return explain(cmd, validate(cmd, args)) }
	}
	for _, sub := range cmd.Commands() {
		markUsageErrors(sub)
	}
}
