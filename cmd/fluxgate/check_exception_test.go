package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ownPolicy = `apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: own}
spec:
  rules: [{rule: require-verify}]
  exceptions: {rules: [require-verify], maxDuration: 24h}
`

// TestCheckTakesExceptions from the manifests, as far as the policy accepts them, and looks at policies among them.
func TestCheckTakesExceptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(ownPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	unverified, _, _ := strings.Cut(verified, "  verify:")
	until := func(d time.Duration) string {
		return "---\napiVersion: fluxgate.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: legacy, namespace: prod}\n" +
			"spec: {policy: own, rules: [require-verify], names: [app], reason: TICKET-1, until: \"" +
			time.Now().Add(d).UTC().Format(time.RFC3339) + "\"}\n"
	}
	cases := map[string]struct {
		manifests string
		code      int
		summary   string // a part of stdout
		stderr    string
	}{
		"without an exception":       {unverified, 1, "1 denied", ""},
		"with one":                   {unverified + until(time.Hour), 0, "1 allowed", ""},
		"with one that is too long":  {unverified + until(48*time.Hour), 1, "exception prod/legacy has no effect: policy own accepts no exception that lasts longer than 24h0m0s", ""},
		"with one that is malformed": {unverified + strings.Replace(until(time.Hour), "until", "unitl", 1), 2, "1 denied", "fluxgate: stdin: document 2: line 8: PolicyException: spec.unitl: unknown field: did you mean until?\n"},
		"with a policy":              {unverified + "---\n" + ownPolicy, 1, "1 SourcePolicy among the manifests: well-formed, and not used to judge", ""},
		"with a broken policy":       {unverified + "---\n" + strings.Replace(ownPolicy, "rule: require", "rule: requires", 1), 2, "1 denied", "fluxgate: stdin: document 2: line 8: SourcePolicy: spec.rules[0].rule: unknown rule \"requires-verify\": did you mean require-verify?\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := inProcess(c.manifests, "check", "--offline", "-p", file, "-")
			if got.Code != c.code || !strings.Contains(got.Stdout, c.summary) {
				t.Errorf("got code %d, want %d and %q in:\n%s", got.Code, c.code, c.summary, got.Stdout)
			}
			if !strings.Contains(got.Stderr, c.stderr) || c.stderr == "" && got.Stderr != "" {
				t.Errorf("stderr is %q, want %q in it", got.Stderr, c.stderr)
			}
		})
	}
}
