package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/rulesdoc"
)

func newRulesCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:                   "rules [-o FORMAT] [NAME]",
		Short:                 "Show the rules that a policy can name",
		DisableFlagsInUseLine: true,
		Long: `Show the rules that a policy can name in spec.rules, or all that is known of one: what it asks for, its parameters with
their types and defaults, an example, and what it reads in each kind of object.

A rule of the phase "static" is judged before anything is dialled; one of the phase "facts" is judged by what the registry said.
What a rule needs beside that is keys (those in the Secret of a verify block) or signature (whether the artifact is signed as that
block asks).

With -o json the output is an object with apiVersion, kind (RuleList) and rules, a list that has one entry where a NAME is given.
An entry has name, title, severity, phase, needs (a list), description, remediation, params (the JSON schema of the parameters),
example (YAML), and reads (a list of form and fields). Fields may be added; none is renamed or taken away without another apiVersion.

With -o markdown and no NAME it is docs/rules.md.

Exit codes: 0 it is shown; 2 bad usage, or no such rule; 3 it could not be shown.`,
		Example: `  fluxgate rules
  fluxgate rules registry-allowlist
  fluxgate rules -o json | jq -r '.rules[] | select(.severity == "critical").name'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := rulesdoc.CheckFormat(output); err != nil {
				return usageError{fmt.Errorf("--output: %w", err)}
			}
			text, err := describeRules(args, output)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return fmt.Errorf("write the rules: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "format of the output: "+strings.Join(rulesdoc.Formats(), ", "))
	return cmd
}

// describeRules shows all rules, or the one that is named.
func describeRules(names []string, format string) (string, error) {
	rules, err := policy.Rules()
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return rulesdoc.List(rules, format)
	}
	if slices.Contains(ownRules(), names[0]) {
		return "", usageError{fmt.Errorf("%s is judged by Fluxgate itself, and named in no spec.rules: see docs/troubleshooting.md", names[0])}
	}
	rule, err := policy.FindRule(rules, names[0])
	if err != nil {
		return "", usageError{err}
	}
	return rulesdoc.Details(rule, format)
}

// ownRules are the names that denials have for what no rule judges.
func ownRules() []string {
	return []string{gate.RulePin, gate.RuleStalePin, gate.RuleMissingSource, gate.RuleNamespaceGuard, gate.RuleSignatures}
}
