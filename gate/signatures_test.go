package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// verifying asks for the object's own verify block to be satisfied, signing for an administrator's key.
const (
	verifying = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: verifying}
spec:
  match: {namespaces: [prod]}
  rules: [{rule: signature-verified}]
`
	signing = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: signing}
spec:
  match: {namespaces: [prod]}
  signatures:
  - name: release
    repositories: ["ghcr.io/acme/**"]
    keys:
    - |
      -----BEGIN PUBLIC KEY-----
      MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
      -----END PUBLIC KEY-----
`
	// reporting is in Audit, and tells digests that are not what their refs name.
	reporting = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: reporting}
spec:
  action: Audit
  match: {namespaces: [prod]}
  rules: [{rule: digest-matches-ref}]
`
	// golden asks of what is labelled as gold that its verify block is satisfied.
	golden = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: golden}
spec:
  match: {namespaces: [prod]}
  rego:
  - name: gold
    module: |
      # METADATA
      # title: gold is signed
      # custom:
      #   phase: facts
      #   needs: [signature]
      package fluxgate.custom.gold

      violations contains {"source": i, "path": "spec.verify", "message": "is not signed", "remediation": "sign it"} if {
        input.raw.metadata.labels.tier == "gold"
        some i, source in input.sources
        not source.signature.verified
        source.signature
      }
`
	// selecting is for the ClusterImagePolicies of the cluster, which may select by labels.
	selecting = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: selecting}
spec:
  match: {namespaces: [prod]}
  signatures:
  - name: cluster
    clusterImagePolicies: {names: ["*"]}
`
)

// Own answers from the table, and fails the test where it has no answer. What is asked for must be there.
func (w *world) Own(_ context.Context, source flux.Source, _ bool) (verify.Signature, error) {
	if source.Verify == nil {
		w.t.Error("the verify block of a source without one was asked for")
	}
	return w.signature("block of "+source.Repository.String()+"@", source.Ref.Digest)
}

// Demanded answers from the table, and fails the test where it has no answer.
func (w *world) Demanded(_ context.Context, source flux.Source, _ bool, demand verify.Demand) (verify.Signature, error) {
	if len(demand.ImagePolicyNames) == 0 && (demand.Cosign == nil || len(demand.Cosign.Keys) != 1) {
		w.t.Errorf("the demand is %+v, want one with a key or ClusterImagePolicies", demand)
	}
	return w.signature("demand on "+source.Repository.String()+"@", source.Ref.Digest)
}

func (w *world) signature(of, digest string) (verify.Signature, error) {
	if digest == "" {
		w.t.Errorf("the %s was asked for without a digest", of)
	}
	asked := of + digest[:min(len(digest), len("sha256:aa"))]
	w.asked = append(w.asked, asked)
	switch answer := w.signatures[asked].(type) {
	case verify.Signature:
		return answer, nil
	case error:
		return verify.Signature{}, answer
	default:
		w.t.Errorf("the %s was asked for, which this test does not expect", asked)
		return verify.Signature{}, errors.New("unexpected")
	}
}

func TestSignaturesDecide(t *testing.T) {
	const (
		block    = "block of ghcr.io/acme/app@sha256:aa"
		demand   = "demand on ghcr.io/acme/app@sha256:aa"
		resolved = "ghcr.io/acme/app:v1"
		ofBlock  = "verifying/signature-verified=Deny at spec.verify"
		ofDemand = "signing/signatures=Deny at spec.ref.digest"
		isKeyed  = byUser + "\n  verify: {provider: cosign, secretRef: {name: keys}}"
	)
	good, unsigned := verify.Signature{Verified: true}, verify.Unverified(verify.ReasonUnsigned, "has no signature")
	says := func(asked string, answer any) map[string]any { return map[string]any{asked: answer} }
	audit := func(policies string) string { return strings.ReplaceAll(policies, "spec:", "spec:\n  action: Audit") }
	pinning := "\n---\n" + strings.Replace(signing, "  signatures:", "  pin: {tags: OnChange}\n  signatures:", 1)
	chart := `{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: prod}, spec: {type: oci, url: 'oci://ghcr.io/acme'}}`
	release := `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: prod},
		spec: {interval: 1m, chart: {spec: {chart: app, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}}}}}`
	for sentence, test := range map[string]struct {
		policies            string
		signatures, answers map[string]any
		objects             []string
		was, is             string
		want                outcome
	}{
		"an artifact that its verify block accepts": {
			policies: verifying, signatures: says(block, good), is: repository(isKeyed),
			want: outcome{Verdict: "allow", Asked: []string{block}},
		},
		"one that it does not accept": {
			policies: verifying, signatures: says(block, unsigned), is: repository(isKeyed),
			want: outcome{Verdict: "deny", Violations: []string{ofBlock}, Asked: []string{block}},
		},
		"without a verify block nobody is asked": {
			policies: verifying, is: repository(byUser),
			want: outcome{Verdict: "deny", Violations: []string{ofBlock}},
		},
		"without a digest nobody is asked": {
			policies: verifying, is: repository(keyed),
			want: outcome{Verdict: "deny", Violations: []string{"verifying/signature-verified=Deny at spec.ref.digest"}},
		},
		"a registry that is down is no missing signature": {
			policies: verifying, signatures: says(block, failing()), is: repository(isKeyed),
			want: outcome{Verdict: "error", Failures: []string{"verifying/unreachable=Deny at spec"}, Asked: []string{block}},
		},
		"a trusted root that nobody gave is no missing signature": {
			policies: signing, signatures: says(demand, verify.ErrNoTrustRoot), is: repository(byUser),
			want: outcome{Verdict: "error", Failures: []string{"signing/trust-root=Deny at spec"}, Asked: []string{demand}},
		},
		"a ClusterImagePolicy that is not there is no missing signature": {
			policies: signing, signatures: says(demand, fmt.Errorf("x: %w", &verify.UnknownImagePolicyError{Name: "release"})), is: repository(byUser),
			want: outcome{Verdict: "error", Failures: []string{"signing/signature=Deny at spec"}, Asked: []string{demand}},
		},
		"offline nothing is judged": {
			policies: verifying, signatures: says(block, &registry.Error{Class: registry.ClassOffline}), is: repository(isKeyed),
			want: outcome{Verdict: "allow", Failures: []string{"verifying/offline=Deny at spec"}, Asked: []string{block}},
		},
		"a Secret that is not given is not judged": {
			policies: verifying, signatures: says(block, gate.ErrNotGiven), is: repository(isKeyed),
			want: outcome{Verdict: "allow", Failures: []string{"verifying/keys=Deny at spec"}, Asked: []string{block}},
		},
		"an artifact that meets a demand, whatever its object says": {
			policies: signing, signatures: says(demand, good), is: repository(byUser),
			want: outcome{Verdict: "allow", Asked: []string{demand}},
		},
		"one that does not": {
			policies: signing, signatures: says(demand, unsigned), is: repository(byUser),
			want: outcome{Verdict: "deny", Violations: []string{ofDemand}, Asked: []string{demand}},
		},
		"one whose repository the demand is not for": {
			policies: signing, is: repository("  url: oci://ghcr.io/other/app\n  ref: {digest: '" + digestA + "'}"),
			want: outcome{Verdict: "allow"},
		},
		"a digest that is none is the user's to mend, and nobody is asked": {
			policies: signing + "---" + verifying, is: repository(strings.Replace(isKeyed, digestA, strings.ToUpper(digestA), 1)),
			want: outcome{Verdict: "deny", Violations: []string{ofDemand, "verifying/signature-verified=Deny at spec.ref.digest"}},
		},
		"a tag meets no demand": {
			policies: signing, is: repository(tagged),
			want: outcome{Verdict: "deny", Violations: []string{ofDemand}},
		},
		"a chart meets no demand": {
			policies: signing, objects: []string{chart}, is: release,
			want: outcome{Verdict: "deny", Violations: []string{"signing/signatures=Deny at spec.chart.spec"}},
		},
		"a HelmRepository whose charts could meet none": {
			policies: signing, is: chart,
			want: outcome{Verdict: "deny", Violations: []string{"signing/signatures=Deny at spec.url"}},
		},
		"one of others": {
			policies: signing, is: strings.Replace(chart, "ghcr.io/acme", "ghcr.io/others", 1),
			want: outcome{Verdict: "allow"},
		},
		"a url that may be anybody's meets no demand, whatever onError says": {
			policies: signing + "  onError: Warn\n", is: repository(strings.Replace(byUser, "ghcr.io/acme/app", "ghcr.io/acme/../evil/app", 1)),
			want: outcome{Verdict: "deny", Violations: []string{"signing/signatures=Deny at spec.url"}},
		},
		"a tag whose digest nobody could tell is undecided only": {
			policies: pinning, answers: says(resolved, failing()), is: repository(tagged),
			want: outcome{Verdict: "error", Failures: []string{"signing/unreachable=Deny at spec.ref"}, Asked: []string{resolved}},
		},
		"a digest is judged though nobody could tell what its tag names": {
			policies: pinning + "\n---\n" + reporting, answers: says(resolved, failing()), signatures: says(demand, unsigned), is: repository(byUser),
			want: outcome{Verdict: "deny", Violations: []string{ofDemand}, Failures: []string{"reporting/unreachable=Audit at spec.ref"},
				Asked: []string{resolved, demand}},
		},
		"a policy in Audit reports": {
			policies: audit(verifying + "---" + signing), signatures: map[string]any{block: unsigned, demand: unsigned}, is: repository(isKeyed),
			want: outcome{Verdict: "allow", Violations: []string{"signing/signatures=Audit at spec.ref.digest", "verifying/signature-verified=Audit at spec.verify"},
				Asked: []string{block, demand}},
		},
		"no registry is asked where something else is denied": {
			policies: verifying + "---" + signing + "  rules: [{rule: forbid-insecure}]\n", is: repository(isKeyed + "\n  insecure: true"),
			want: outcome{Verdict: "deny", Violations: []string{"signing/forbid-insecure=Deny at spec.insecure"}},
		},
		"no registry is asked that no allow-list permits": {
			policies: audit(signing + "  rules: [{rule: registry-allowlist, params: {allow: [docker.io/library/x]}}]\n"), is: repository(byUser),
			want: outcome{Verdict: "allow", Violations: []string{"signing/registry-allowlist=Audit at spec.url"},
				Failures: []string{"signing/not-asked=Audit at spec"}},
		},
		"a stored object that was not signed either is warned about": {
			policies: verifying + "---" + signing, signatures: map[string]any{block: unsigned, demand: unsigned},
			was: repository(isKeyed), is: annotated("  labels: {a: b}", isKeyed),
			want: outcome{Verdict: "warn", Violations: []string{"signing/signatures=Warn at spec.ref.digest", "verifying/signature-verified=Warn at spec.verify"},
				Asked: []string{block, demand}},
		},
		"a stored object whose labels change may be another's to the ClusterImagePolicies, and is judged anew": {
			policies: selecting, signatures: says(demand, unsigned),
			was: repository(byUser), is: annotated("  labels: {a: b}", byUser),
			want: outcome{Verdict: "deny", Violations: []string{"selecting/signatures=Deny at spec.ref.digest"}, Asked: []string{demand}},
		},
		"it is warned about where other things change": {
			policies: selecting, signatures: says(demand, unsigned),
			was: annotated("  labels: {a: b}", byUser), is: annotated("  labels: {a: b}\n  annotations: {c: d}", byUser),
			want: outcome{Verdict: "warn", Violations: []string{"selecting/signatures=Warn at spec.ref.digest"}, Asked: []string{demand}},
		},
		"nor is it let in while its registry is down": {
			policies: selecting, signatures: says(demand, failing()),
			was: repository(byUser), is: annotated("  labels: {a: b}", byUser),
			want: outcome{Verdict: "error", Failures: []string{"selecting/unreachable=Deny at spec"}, Asked: []string{demand}},
		},
		"a stored object that a custom rule would not have refused is judged anew": {
			policies: golden, signatures: says(block, unsigned),
			was: repository(isKeyed), is: annotated("  labels: {tier: gold}", isKeyed),
			want: outcome{Verdict: "deny", Violations: []string{"golden/gold=Deny at spec.verify"}, Asked: []string{block}},
		},
		"one that it would have refused is warned about": {
			policies: golden, signatures: says(block, unsigned),
			was: annotated("  labels: {tier: gold}", isKeyed), is: annotated("  labels: {tier: gold, a: b}", isKeyed),
			want: outcome{Verdict: "warn", Violations: []string{"golden/gold=Warn at spec.verify"}, Asked: []string{block}},
		},
		"a stored object whose digest changes is judged anew": {
			policies: signing, signatures: says(demand, unsigned),
			was: repository(strings.ReplaceAll(byUser, digestA, digestB)), is: repository(byUser),
			want: outcome{Verdict: "deny", Violations: []string{ofDemand}, Asked: []string{demand}},
		},
		"a stored object whose verify block changes is judged anew": {
			policies: verifying, signatures: says(block, unsigned),
			was: repository(strings.Replace(isKeyed, "name: keys", "name: others", 1)), is: repository(isKeyed),
			want: outcome{Verdict: "deny", Violations: []string{ofBlock}, Asked: []string{block}},
		},
		"a registry that is down does not freeze what is there": {
			policies: signing, signatures: says(demand, failing()),
			was: repository(byUser), is: annotated("  labels: {a: b}", byUser),
			want: outcome{Verdict: "warn", Failures: []string{"signing/unreachable=Warn at spec"}, Asked: []string{demand}},
		},
		"nor does it let in what is not": {
			policies: signing, signatures: says(demand, failing()),
			was: repository(strings.ReplaceAll(byUser, digestA, digestB)), is: repository(byUser),
			want: outcome{Verdict: "error", Failures: []string{"signing/unreachable=Deny at spec"}, Asked: []string{demand}},
		},
		"what is resumed is judged in full": {
			policies: signing, signatures: says(demand, failing()),
			was: repository(byUser + "\n  suspend: true"), is: repository(byUser),
			want: outcome{Verdict: "error", Failures: []string{"signing/unreachable=Deny at spec"}, Asked: []string{demand}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, signatures: test.signatures, answers: test.answers, objects: test.objects}
			d, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(d, w)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, d)
			}
		})
	}
}

// TestADenialSaysThatSignaturesWereLeftAlone: whoever mends what is denied must not be surprised by the next denial. Nobody is asked.
func TestADenialSaysThatSignaturesWereLeftAlone(t *testing.T) {
	static := strings.Replace(signing, "  signatures:", "  pin: {tags: OnChange}\n  rules: [{rule: forbid-insecure}]\n  signatures:", 1)
	for sentence, test := range map[string]struct {
		policies, spec string
		want           []gate.Note
	}{
		"a digest that somebody asks about": {static, byUser, []gate.Note{
			{Path: "spec", Message: "its signatures are not verified until the violations are mended"},
		}},
		"a tag is told of already": {static, tagged, []gate.Note{
			{Path: "spec.ref", Message: "not resolved, and not judged against the registry, until the violations are mended"},
		}},
		"a digest that nobody asks about": {strings.Replace(static, "ghcr.io/acme/**", "ghcr.io/others/**", 1), byUser, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies}
			denied, err := w.gate().Validate(t.Context(), request(t, "", repository(test.spec+"\n  insecure: true")))
			if err != nil || denied.Verdict != gate.Deny {
				t.Fatalf("verdict %s, %v", denied.Verdict, err)
			}
			if diff := cmp.Diff(test.want, denied.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAWarningOfAForeignArtifactTellsNothingOfIt: whoever may refer to it need not be allowed to read it.
func TestAWarningOfAForeignArtifactTellsNothingOfIt(t *testing.T) {
	const demand = "demand on ghcr.io/acme/app@sha256:aa"
	release := func(namespace string) string {
		return `{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: prod},
			spec: {interval: 1m, chartRef: {kind: OCIRepository, name: app, namespace: ` + namespace + `}}}`
	}
	warned := verify.Signature{Verified: true, Warnings: []string{"is refused by ClusterImagePolicy release: has a signature of robot@secret.example"}}
	for sentence, test := range map[string]struct{ namespace, want string }{
		"of the same namespace": {"prod", "policy selecting, demand cluster: the artifact is refused by ClusterImagePolicy release: has a signature of robot@secret.example"},
		"of another":            {"other", "policy selecting, demand cluster: a ClusterImagePolicy warns of what OCIRepository other/app makes Flux pull; ask those who own it"},
	} {
		t.Run(sentence, func(t *testing.T) {
			source := strings.Replace(repository(byUser), "namespace: prod", "namespace: "+test.namespace, 1)
			w := &world{t: t, policies: selecting, signatures: map[string]any{demand: warned}, objects: []string{source}}
			d, err := w.gate().Validate(t.Context(), request(t, "", release(test.namespace)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]gate.Note{{Path: "spec.chartRef", Message: test.want}}, d.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAClusterImagePolicyThatCannotBeAskedIsForAnAdministratorToMend: trying again helps nobody.
func TestAClusterImagePolicyThatCannotBeAskedIsForAnAdministratorToMend(t *testing.T) {
	const demand = "demand on ghcr.io/acme/app@sha256:aa"
	broken := verify.BrokenImagePolicy("release", nil, errors.New("spec.images: missing field(s)"))
	_, unreadable := broken.Verify(t.Context(), nil, digestA, verify.ImagePolicyOptions{})
	w := &world{t: t, policies: selecting, signatures: map[string]any{demand: unreadable}}
	d, err := w.gate().Validate(t.Context(), request(t, "", repository(byUser)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range d.Failures {
		got = append(got, f.String())
	}
	want := []string{"[selecting] spec: demand cluster: the signatures of the artifact could not be verified, because a ClusterImagePolicy that is demanded is not known or cannot be read; an administrator must mend it"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}
