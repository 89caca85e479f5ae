package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/fluxgate/fluxgate/policytest"
)

// testFlags are the settings of `fluxgate test`. The zero value of each is documented at its flag.
type testFlags struct {
	output    string
	run       string
	timeout   time.Duration
	coverage  bool
	threshold float64
}

func newTestCommand() *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:                   "test [--run REGEX] [--coverage] [-o FORMAT] PATH...",
		Short:                 "Run the tests of policies",
		DisableFlagsInUseLine: true,
		Long: `Run the tests of policies. Each PATH is a file, or a directory that is read with all below it. Two sorts of tests are run:

  Rego tests    rules test_… in files *_test.rego, of custom rules: those in SourcePolicies (spec.rego) and in other *.rego files
                below the PATHs. Rules are as confined as in production: the same functions, the same strictness.
  table cases   YAML documents of the kind PolicyTest: an object, what is in the cluster beside it and what registries say, and
                the verdict and violations that the gate must come to. Nothing is dialled.

SourcePolicies and custom rules below the PATHs must compile. docs/testing.md describes both sorts of tests.

Exit codes: 0 every test passed; 1 a test failed, or less is covered than --coverage-threshold asks for; 2 bad usage, files that
cannot be read, or no test is found; 3 it could not be done. Of several the first of 2, 1, 3 counts.`,
		Example: `  fluxgate test policies/
  fluxgate test --coverage --run 'team' policies/team-label
  fluxgate test -o junit policies/ > report.xml`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no PATH given; name files or directories of tests")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := f.options(args)
			if err != nil {
				return usageError{err}
			}
			return f.test(cmd.Context(), opts, streams{cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.output, "output", "o", "text", "format of the report: "+strings.Join(policytest.Formats(), ", "))
	flags.StringVar(&f.run, "run", "", "run only the tests whose name matches this regular expression")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "longest time for one test")
	flags.BoolVar(&f.coverage, "coverage", false, "say which lines of custom rules the tests reach")
	flags.Float64Var(&f.threshold, "coverage-threshold", 0, "fail where less than this many percent of the lines are reached; implies --coverage")
	return cmd
}

// options reports every setting that cannot be.
func (f *testFlags) options(paths []string) (policytest.Options, error) {
	opts := policytest.Options{
		Paths: paths, Timeout: f.timeout, Coverage: f.coverage || f.threshold > 0, Threshold: f.threshold,
	}
	var all []error
	if err := policytest.CheckFormat(f.output); err != nil {
		all = append(all, fmt.Errorf("--output: %w", err))
	}
	if f.run != "" {
		selected, err := regexp.Compile(f.run)
		if err != nil {
			all = append(all, fmt.Errorf("--run: %w", err))
		}
		opts.Run = selected
	}
	if f.timeout <= 0 {
		all = append(all, fmt.Errorf("--timeout: %s is not above 0s", f.timeout))
	}
	if !(f.threshold >= 0 && f.threshold <= 100) { // nor is NaN
		all = append(all, fmt.Errorf("--coverage-threshold: %g is not between 0 and 100", f.threshold))
	}
	return opts, errors.Join(all...)
}

// test runs the tests. The report is the output; what could not be read is said on the error stream too.
func (f *testFlags) test(ctx context.Context, opts policytest.Options, s streams) error {
	opts.Sigstore = sigstore{}
	report, err := policytest.Run(ctx, opts)
	switch {
	case errors.Is(err, policytest.ErrNoTest):
		return inputError{err}
	case err != nil:
		return fmt.Errorf("run the tests: %w", err)
	}
	for _, unreadable := range report.Unreadable {
		fmt.Fprintln(s.err, "fluxgate:", unreadable)
	}
	if err := report.Write(s.out, f.output, styleOf(s.out, term.IsTerminal)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if outcome := report.Outcome(); outcome != policytest.Passed {
		return testsError{outcome}
	}
	return nil
}
