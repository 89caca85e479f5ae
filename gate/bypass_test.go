package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// lenient pins and forgives a registry that is down.
const lenient = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: lenient}
spec:
  onError: Allow
  pin: {tags: OnChange}
`

// demanding asks for a digest, and leaves it to others to write it.
const demanding = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: demanding}
spec:
  match: {namespaces: [prod]}
  rules:
    - rule: require-digest
`

// comparing asks whether a digest is what its tag names.
const comparing = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: comparing}
spec:
  match: {namespaces: [prod]}
  rules:
    - rule: digest-matches-ref
`

// trial tries an allow-list out.
const trial = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: trial}
spec:
  action: Audit
  rules:
    - rule: registry-allowlist
      params: {allow: ["ghcr.io/other/**"]}
`

// inlined is a HelmRelease of helm-controller 1.7, with its targetNamespace.
func inlined(target, ref string) string {
	return `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: app, namespace: dev}
spec:
  interval: 10m
  targetNamespace: ` + target + `
  chart:
    kind: OCIRepository
    spec: {url: "oci://ghcr.io/acme/app", ref: {` + ref + `}}
`
}

func TestOnePolicyDoesNotSilenceAnother(t *testing.T) {
	down := map[string]any{"ghcr.io/acme/app:v1": failing()}
	asked := []string{"ghcr.io/acme/app:v1"}

	tests := map[string]struct {
		policies string
		answers  map[string]any
		was, is  string
		want     outcome
	}{
		"a missing digest is a violation of the policy that does not pin, although the one that pins forgives the registry": {
			policies: lenient + "---\n" + demanding, answers: down, is: repository(tagged),
			want: outcome{Verdict: "deny", Asked: asked, Violations: []string{"demanding/require-digest=Deny at spec.ref.digest"}},
		},
		"a digest that only an audited policy would write is missing": {
			policies: lenient + "---\n" + `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: watching}
spec:
  action: Audit
  onError: Allow
  pin: {tags: OnChange}
  rules: [{rule: require-digest, action: Deny}]
`, answers: down, is: repository(tagged),
			want: outcome{Verdict: "deny", Asked: asked, Violations: []string{"watching/require-digest=Deny at spec.ref.digest"}},
		},
		"a digest is not taken for what its tag names because an audited allow-list keeps its registry from being asked": {
			policies: comparing + "---\n" + trial, is: repository(byUser),
			want: outcome{Verdict: "error",
				Violations: []string{"trial/registry-allowlist=Audit at spec.url"},
				Failures:   []string{"comparing/not-asked=Deny at spec.ref"}},
		},
		"a policy that only pins has nothing to ask about a digest that is there": {
			policies: "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: pinning}\nspec: {pin: {tags: OnChange}}\n---\n" +
				"apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: asking}\nspec:\n  action: Warn\n  rules: [{rule: digest-matches-ref}]\n",
			answers: down, is: repository(byUser),
			want: outcome{Verdict: "warn", Asked: asked, Failures: []string{"asking/unreachable=Warn at spec.ref"}},
		},
		"an insecure source that is only warned about is denied when a proxy is put before it": {
			policies: "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: secure}\nspec: {rules: [{rule: forbid-insecure}]}\n",
			was:      repository(byUser + "\n  insecure: true"),
			is:       repository(byUser + "\n  insecure: true\n  proxySecretRef: {name: mine}"),
			want:     outcome{Verdict: "deny", Violations: []string{"secure/forbid-insecure=Deny at spec.insecure"}},
		},
		"a digest is compared with its tag by a policy that the move to another target namespace brings": {
			policies: comparing, answers: map[string]any{"ghcr.io/acme/app:v1": digestB},
			was: inlined("dev", "tag: v1, digest: \""+digestA+"\""), is: inlined("prod", "tag: v1, digest: \""+digestA+"\""),
			want: outcome{Verdict: "deny", Asked: asked, Violations: []string{"comparing/digest-matches-ref=Deny at spec.chart.spec.ref.digest"}},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, answers: test.answers}
			got, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}

func TestTheDigestThatOnePolicyPinsIsWrittenAlthoughAnotherDemandsIt(t *testing.T) {
	w := &world{t: t, policies: lenient + "---\n" + demanding, answers: map[string]any{"ghcr.io/acme/app:v1": digestA}}
	stored := mustMutate(t, w.gate(), request(t, "", repository(tagged)))
	if diff := cmp.Diff(object(t, annotated(record, byUser)).Object, stored.Object); diff != "" {
		t.Errorf("stored object (-want +got):\n%s", diff)
	}
}

func TestTheRecordOfAPinSurvivesANamespaceThatCannotBeRead(t *testing.T) {
	w := &world{t: t, policies: strict, labels: map[string]any{"prod": errors.New("the API server is away")}}
	pinned := annotated(record, byUser)
	stored := mustMutate(t, w.gate(), request(t, pinned, annotated(record+"\n  labels: {a: b}", byUser)))
	if diff := cmp.Diff(object(t, annotated(record+"\n  labels: {a: b}", byUser)).Object, stored.Object); diff != "" {
		t.Errorf("stored object (-want +got):\n%s", diff)
	}
}

func TestARegistryThatDripsLeavesTheRulesTimeToJudge(t *testing.T) {
	set, err := policy.Parse("test.yaml", []byte(strict))
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New(gate.Options{
		Policies:   func() *policy.Set { return set },
		Lookup:     flux.LookupFunc((&world{t: t}).lookup),
		Namespaces: gate.NamespacesFunc((&world{t: t}).namespace),
		Resolver:   dripping{},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got, err := g.Validate(ctx, request(t, "", repository(byUser)))
	if err != nil {
		t.Fatal(err)
	}
	want := outcome{Verdict: "error", Failures: []string{"strict/timeout=Deny at spec.ref"}}
	if diff := cmp.Diff(want, outcomeOf(got, &world{})); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestANoteQuotesWhatATenantCallsAKind(t *testing.T) {
	w := &world{t: t, policies: comparing}
	hostile := strings.Replace(inlined("prod", ""), "kind: OCIRepository\n    spec", `kind: "\e[2JHelmChart\nnone"`+"\n    spec", 1)
	got, err := w.gate().Validate(t.Context(), request(t, "", hostile))
	if err != nil {
		t.Fatal(err)
	}
	want := []gate.Note{{Path: "spec.chart.spec", Message: `"\x1b[2JHelmChart\nnone" is untraceable: Fluxgate cannot tell what it makes Flux pull, and judges nothing of it`}}
	if diff := cmp.Diff(want, got.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// dripping answers when nobody waits any more.
type dripping struct{}

func (dripping) Resolve(ctx context.Context, _ registry.Query) (registry.Resolution, error) {
	<-ctx.Done()
	return registry.Resolution{}, &registry.Error{Class: registry.ClassTimeout, Reference: "ghcr.io/acme/app:v1", Err: ctx.Err()}
}
