package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	foreignCharts = `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: charts}, spec: {type: oci, url: "oci://ghcr.io/acme/charts"}}`
	// guessing names a Secret in the namespace of the HelmRepository.
	guessing = `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app, namespace: prod}
spec:
  chart:
    spec:
      chart: app
      sourceRef: {kind: HelmRepository, name: charts, namespace: charts}
      verify: {provider: cosign, secretRef: {name: guess}}
`
)

// TestWhatDoesNotExistYetKeepsNothingOutOfADryRun: what is applied together is dry-run together before any of it is stored.
func TestWhatDoesNotExistYetKeepsNothingOutOfADryRun(t *testing.T) {
	const resolved, block, demand = "ghcr.io/acme/app:v1", "block of ghcr.io/acme/app@sha256:aa", "demand on ghcr.io/acme/app@sha256:aa"
	credentials := func(why error) error {
		return &registry.Error{Class: registry.ClassCredentials, Reference: resolved, Advice: "Secret prod/pull is wrong", Err: why}
	}
	noSecret := verify.Unverified(verify.ReasonNoSecret, "has a verify block whose Secret prod/keys (secretRef) does not exist")
	badSecret := verify.Unverified(verify.ReasonSecret, "has a verify block whose Secret prod/keys (secretRef) holds nothing")
	unread := func(action string) outcome {
		return outcome{Failures: []string{"pinning/credentials=" + action + " at spec.ref"}, Asked: []string{resolved}}
	}
	with := func(verdict string, o outcome) outcome { o.Verdict = verdict; return o }
	also := func(o outcome, violation string) outcome { o.Violations = append(o.Violations, violation); return o }
	requiring := strings.Replace(anything("requiring", ""), "forbid-insecure", "require-digest", 1)
	pinning := anything("pinning", "  pin: {tags: OnChange}\n")
	for sentence, test := range map[string]struct {
		policies                  string
		answers, keys, signatures map[string]any
		objects                   []string
		is                        string
		want, dry                 outcome
	}{
		"a Secret to log in with": {
			policies: pinning, answers: map[string]any{resolved: credentials(registry.ErrMissing)}, is: repository(tagged),
			want: with("error", unread("Deny")), dry: with("warn", unread("Warn")),
		},
		"a Secret to log in with, where another policy demands signatures": {
			policies: pinning + "---" + signing, answers: map[string]any{resolved: credentials(registry.ErrMissing)}, is: repository(tagged),
			want: with("deny", also(unread("Deny"), "signing/signatures=Deny at spec.ref.digest")), dry: with("warn", unread("Warn")),
		},
		"a Secret to log in with, where another policy requires a digest": {
			policies: pinning + requiring, answers: map[string]any{resolved: credentials(registry.ErrMissing)}, is: repository(tagged),
			want: outcome{Verdict: "deny", Violations: []string{"requiring/require-digest=Deny at spec.ref.digest"}, Asked: []string{resolved}},
			dry:  with("warn", unread("Warn")),
		},
		"a registry that is down does, where another policy requires a digest": {
			policies: pinning + requiring, answers: map[string]any{resolved: failing()}, is: repository(tagged),
			want: outcome{Verdict: "deny", Violations: []string{"requiring/require-digest=Deny at spec.ref.digest"}, Asked: []string{resolved}},
			dry: outcome{Verdict: "deny", Violations: []string{"requiring/require-digest=Deny at spec.ref.digest"},
				Failures: []string{"pinning/unreachable=Deny at spec.ref"}, Asked: []string{resolved}},
		},
		"a digest that is missing is told beside what denies the dry run": {
			policies: pinning + requiring, is: repository(tagged + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"pinning/forbid-insecure=Deny at spec.insecure", "requiring/require-digest=Deny at spec.ref.digest"}},
			dry:  outcome{Verdict: "deny", Violations: []string{"pinning/forbid-insecure=Deny at spec.insecure", "requiring/require-digest=Deny at spec.ref.digest"}},
		},
		"one that is there and wrong does": {
			policies: pinning, answers: map[string]any{resolved: credentials(nil)}, is: repository(tagged),
			want: with("error", unread("Deny")), dry: with("error", unread("Deny")),
		},
		"a policy that reports only goes on to": {
			policies: anything("pinning", "  onError: Allow\n  pin: {tags: OnChange}\n"), answers: map[string]any{resolved: credentials(registry.ErrMissing)},
			is: repository(tagged), want: with("allow", unread("Audit")), dry: with("allow", unread("Audit")),
		},
		"a Secret to verify with": {
			policies: verifying, signatures: map[string]any{block: noSecret}, is: repository(keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.verify"}, Asked: []string{block}},
			dry:  outcome{Verdict: "warn", Failures: []string{"verifying/keys=Warn at spec"}, Asked: []string{block}},
		},
		"one that holds nothing does": {
			policies: verifying, signatures: map[string]any{block: badSecret}, is: repository(keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.verify"}, Asked: []string{block}},
			dry:  outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.verify"}, Asked: []string{block}},
		},
		"a Secret to log in with, where signatures are demanded": {
			policies: signing, signatures: map[string]any{demand: credentials(registry.ErrMissing)}, is: repository(byUser),
			want: outcome{Verdict: "error", Failures: []string{"signing/credentials=Deny at spec"}, Asked: []string{demand}},
			dry:  outcome{Verdict: "warn", Failures: []string{"signing/credentials=Warn at spec"}, Asked: []string{demand}},
		},
		"a Secret whose keys a rule asks for": {
			policies: trusting, keys: secretOf(verify.Missing()), is: annotated(record, keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{"trusting/verify-identity=Deny at spec.verify"}, Asked: []string{"keys of prod/keys cosign"}},
			dry:  outcome{Verdict: "warn", Failures: []string{"trusting/keys=Warn at spec.verify.secretRef"}, Asked: []string{"keys of prod/keys cosign"}},
		},
		"a source does, where the policy wants it first: Flux stores what refers to it before it": {
			policies: anything("ordered", "  missingSources: Deny\n"), is: leaning("prod", ""),
			want: outcome{Verdict: "deny", Violations: []string{"ordered/missing-source=Deny at spec.chartRef"}},
			dry:  outcome{Verdict: "deny", Violations: []string{"ordered/missing-source=Deny at spec.chartRef"}},
		},
		"a Secret to verify with in another namespace does, as whoever may name one there could ask which there are": {
			policies: trusting, keys: map[string]any{"charts/guess cosign": verify.Missing()}, objects: []string{foreignCharts}, is: guessing,
			want: outcome{Verdict: "deny", Violations: []string{"trusting/verify-identity=Deny at spec.chart.spec.verify"}, Asked: []string{"keys of charts/guess cosign"}},
			dry:  outcome{Verdict: "deny", Violations: []string{"trusting/verify-identity=Deny at spec.chart.spec.verify"}, Asked: []string{"keys of charts/guess cosign"}},
		},
		"one of a source in another namespace does": {
			policies: verifying, signatures: map[string]any{block: noSecret}, is: leaning("prod", ""),
			objects: []string{strings.Replace(repository(keyedPin), "namespace: prod", "namespace: lax", 1)},
			want:    outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.chartRef"}, Asked: []string{block}},
			dry:     outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.chartRef"}, Asked: []string{block}},
		},
		"anything else does": {
			policies: pinning, is: repository(tagged + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"pinning/forbid-insecure=Deny at spec.insecure"}},
			dry:  outcome{Verdict: "deny", Violations: []string{"pinning/forbid-insecure=Deny at spec.insecure"}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			for dry, want := range map[bool]outcome{false: test.want, true: test.dry} {
				w := &world{t: t, policies: test.policies, answers: test.answers, keys: test.keys, signatures: test.signatures, objects: test.objects}
				req := request(t, "", test.is)
				req.DryRun = dry
				got, err := w.gate().Validate(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, outcomeOf(got, w)); diff != "" {
					t.Errorf("dry run %t (-want +got):\n%s\n%+v", dry, diff, got)
				}
			}
		})
	}
}

// TestADryRunIsNoLaxerWhereNobodyIsAsked: an allow-list that cannot be judged keeps everybody from being asked, so that a digest is
// not known to wait for anything.
func TestADryRunIsNoLaxerWhereNobodyIsAsked(t *testing.T) {
	lib, err := policy.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	broken, err := lib.Compile(&v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: "broken"}, Spec: v1alpha1.SourcePolicySpec{
		Action: v1alpha1.ActionAudit, Rules: []v1alpha1.Rule{{Rule: "registry-allowlist"}, {Rule: "gone"}},
	}})
	if broken == nil || err == nil {
		t.Fatalf("got %v and %v, want a broken policy and why", broken, err)
	}
	others, err := policy.Parse("test.yaml", []byte(anything("pinning", "  action: Warn\n  pin: {tags: OnChange}\n")+
		strings.Replace(anything("requiring", ""), "forbid-insecure", "require-digest", 1)))
	if err != nil {
		t.Fatal(err)
	}
	set := policy.NewSet(append(slices.Clone(others.Policies()), broken), nil)
	for _, dry := range []bool{false, true} {
		w := &world{t: t}
		g := gate.New(gate.Options{
			Policies: func() *policy.Set { return set }, Lookup: flux.LookupFunc(w.lookup), Namespaces: gate.NamespacesFunc(w.namespace), Resolver: w,
		})
		req := request(t, "", repository(tagged))
		req.DryRun = dry
		got, err := g.Validate(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		want := outcome{Verdict: "deny", Violations: []string{"requiring/require-digest=Deny at spec.ref.digest"}, Failures: []string{"broken/policy=Audit at spec"}}
		if diff := cmp.Diff(want, outcomeOf(got, w)); diff != "" {
			t.Errorf("dry run %t (-want +got):\n%s\n%+v", dry, diff, got)
		}
	}
}
