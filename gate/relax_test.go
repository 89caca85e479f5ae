package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/policy"
)

// noon is when the reviews of these tests take place.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// accepting accepts exceptions from one of its two rules; both are broken by an object that is insecure and unverified.
const accepting = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: accepting}
spec:
  match: {namespaces: [prod]}
  exceptions: {rules: [require-verify], maxDuration: 24h}
  rules:
    - rule: require-verify
`

// fenced pins, and accepts exceptions from its allow-list.
const fenced = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: fenced}
spec:
  pin: {tags: OnChange}
  exceptions: {rules: [registry-allowlist], maxDuration: 24h}
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/acme/**"]}
`

// legacy excepts objects from what accepting demands.
func legacy(namespace, until, names string) string {
	return `---
apiVersion: fluxgate.dev/v1alpha1
kind: PolicyException
metadata: {name: legacy, namespace: ` + namespace + `}
spec:
  policy: accepting
  rules: [require-verify]
  names: [` + names + `]
  reason: TICKET-1
  until: "` + until + `"
`
}

const tomorrow, unverified = "2026-11-25T12:00:00Z", "accepting/require-verify=Deny at spec.verify"

// released is a HelmRelease with its source in the object, of another namespace than prod and with a target.
func released(target string) string {
	return inlined(target, "digest: \""+digestA+"\"")
}

func TestExceptionsSkipWhatTheyCover(t *testing.T) {
	skipped := outcome{Verdict: "allow", Violations: []string{"accepting/require-verify=Skip at spec.verify"}}
	denied := outcome{Verdict: "deny", Violations: []string{unverified}}
	pinned := "  url: oci://ghcr.io/acme/app\n  ref: {digest: \"" + digestA + "\"}"
	tests := map[string]struct {
		policies string
		is       string
		want     outcome
	}{
		"what is excepted is skipped and not lost": {accepting + legacy("prod", tomorrow, "app"), repository(pinned), skipped},
		"another object is not excepted":           {accepting + legacy("prod", tomorrow, "app-2"), repository(pinned), denied},
		"a second before it ends it counts":        {accepting + legacy("prod", "2026-11-24T12:00:01Z", "app"), repository(pinned), skipped},
		"at its end it does not":                   {accepting + legacy("prod", "2026-11-24T12:00:00Z", "app"), repository(pinned), denied},
		"longer than the policy accepts":           {accepting + legacy("prod", "2026-11-25T12:00:01Z", "app"), repository(pinned), denied},
		"an exception of another namespace":        {accepting + legacy("dev", tomorrow, "app, prod/app"), repository(pinned), denied},
		"what no exception covers is still denied, and what the policy itself says too": {
			accepting + "    - rule: forbid-insecure\n" + legacy("prod", tomorrow, "app"), repository(pinned + "\n  insecure: true"),
			outcome{Verdict: "deny", Violations: []string{
				"accepting/forbid-insecure=Deny at spec.insecure", "accepting/require-verify=Skip at spec.verify"}},
		},
		"another policy is not relaxed": {
			accepting + legacy("prod", tomorrow, "app") + "---\n" + auditing, repository(pinned),
			outcome{Verdict: "allow", Violations: []string{
				"auditing/require-verify=Audit at spec.verify", "accepting/require-verify=Skip at spec.verify"}},
		},
		"an excepted registry is still not dialled": {
			fenced + strings.NewReplacer("accepting", "fenced", "require-verify", "registry-allowlist").Replace(legacy("prod", tomorrow, "app")),
			repository("  url: oci://evil.example/app\n  ref: {tag: v1}"),
			outcome{Verdict: "deny", Violations: []string{
				"fenced/pin=Deny at spec.ref.digest", "fenced/registry-allowlist=Skip at spec.url"}},
		},
		"an exception in the tenant's namespace is none for the target of his release": {
			accepting + legacy("dev", tomorrow, "app"), released("prod"),
			outcome{Verdict: "deny", Violations: []string{"accepting/require-verify=Deny at spec.chart.spec.verify"}},
		},
		"one in the target namespace that names the release is": {
			accepting + legacy("prod", tomorrow, "dev/app"), released("prod"),
			outcome{Verdict: "allow", Violations: []string{"accepting/require-verify=Skip at spec.chart.spec.verify"}},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, now: noon}
			got, err := w.gate().Validate(t.Context(), request(t, "", test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
			for _, v := range got.Violations {
				if (v.Action == policy.Skip) != (v.Exception != nil) || v.Exception != nil && v.Exception.Reason != "TICKET-1" {
					t.Errorf("%s has the exception %v", v, v.Exception)
				}
			}
		})
	}
}

func TestAPolicyDeniesFromItsDateOn(t *testing.T) {
	const dated = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: dated}
spec:
  enforceFrom: "2026-11-25T00:00:00Z"
  rules: [{rule: require-verify}]
`
	broken := "  url: oci://ghcr.io/acme/app\n  ref: {digest: \"" + digestA + "\"}"
	tests := map[string]struct {
		at      time.Time
		want    outcome
		message string
	}{
		"before it warns, with the date": {time.Date(2026, 11, 24, 23, 59, 59, 0, time.UTC),
			outcome{Verdict: "warn", Violations: []string{"dated/require-verify=Warn at spec.verify"}},
			"no signature is verified (denied from 2026-11-25T00:00:00Z on)"},
		"at that second it denies": {time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
			outcome{Verdict: "deny", Violations: []string{"dated/require-verify=Deny at spec.verify"}},
			"no signature is verified"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: dated, now: func() time.Time { return test.at }}
			got, err := w.gate().Validate(t.Context(), request(t, "", repository(broken)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Fatalf("outcome (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.message, got.Violations[0].Message); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}
