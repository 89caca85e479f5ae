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
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/verify"
)

// trusting trusts one key, and pins.
const trusting = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: trusting}
spec:
  match: {namespaces: [prod]}
  pin: {tags: OnChange}
  rules:
    - rule: verify-identity
      params: {keys: ["` + ourKey + `"]}
`

const (
	ourKey   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	theirKey = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

	keyed    = tagged + "\n  verify: {provider: cosign, secretRef: {name: keys}}"
	keyedPin = byUser + "\n  verify: {provider: cosign, secretRef: {name: keys}}"
)

func held(fingerprints ...string) []verify.Key {
	var keys []verify.Key
	for i, fingerprint := range fingerprints {
		keys = append(keys, verify.Key{Entry: fmt.Sprintf("%d.pub", i), Fingerprint: fingerprint})
	}
	return keys
}

func secretOf(keys any) map[string]any { return map[string]any{"prod/keys cosign": keys} }

func TestKeysDecide(t *testing.T) {
	const (
		asked    = "keys of prod/keys cosign"
		resolved = "ghcr.io/acme/app:v1"
		broken   = "trusting/verify-identity=Deny at spec.verify"
		unread   = "trusting/keys=Deny at spec.verify.secretRef"
	)
	down := errors.New("Get \"https://10.0.0.1:443/api\": connection refused")
	answers := map[string]any{resolved: digestA}
	audited := strings.Replace(trusting, "spec:", "spec:\n  action: Audit", 1)
	another := "\n---\n" + strings.Replace(strict, "metadata: {name: strict}", "metadata: {name: another}", 1)
	moved := map[string]any{resolved: digestB}
	for sentence, test := range map[string]struct {
		policies      string
		keys, answers map[string]any
		was, is       string
		want          outcome
	}{
		"keys that the policy lists are trusted": {
			policies: trusting, keys: secretOf(held(ourKey)), answers: answers, is: annotated(record, keyedPin),
			want: outcome{Verdict: "allow", Asked: []string{asked}},
		},
		"one key that it does not list is enough to be denied": {
			policies: trusting, keys: secretOf(held(ourKey, theirKey)), is: annotated(record, keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{broken}, Asked: []string{asked}},
		},
		"a Secret that does not exist is a violation": {
			policies: trusting, keys: secretOf(verify.Missing()), is: annotated(record, keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{broken}, Asked: []string{asked}},
		},
		"a Secret that holds no key is a violation": {
			policies: trusting, keys: secretOf(fmt.Errorf("wrapped: %w", &verify.SecretError{Entry: "a.pub", Problem: "no public key in PEM"})),
			is:   annotated(record, keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{broken}, Asked: []string{asked}},
		},
		"an API server that does not answer makes the review undecided": {
			policies: trusting, keys: secretOf(down), is: annotated(record, keyedPin),
			want: outcome{Verdict: "error", Failures: []string{unread}, Asked: []string{asked}},
		},
		"it is no failure of a policy that does not ask for keys": {
			policies: audited + another, keys: secretOf(down), answers: answers, is: annotated(record, keyedPin),
			want: outcome{Verdict: "allow", Failures: []string{"trusting/keys=Audit at spec.verify.secretRef"}, Asked: []string{asked, resolved}},
		},
		"it keeps the registry from nothing": {
			policies: audited + another, keys: secretOf(down), answers: moved, is: annotated(record, keyedPin),
			want: outcome{Verdict: "deny", Violations: []string{"another/digest-matches-ref=Deny at spec.ref.digest"},
				Failures: []string{"trusting/keys=Audit at spec.verify.secretRef"}, Asked: []string{asked, resolved}},
		},
		"a Secret that is not given is not judged": {
			policies: trusting, keys: secretOf(gate.ErrNotGiven), is: annotated(record, keyedPin),
			want: outcome{Verdict: "allow", Failures: []string{unread}, Asked: []string{asked}},
		},
		"nobody asks where no policy needs to know": {
			policies: strict, answers: answers, is: annotated(record, keyedPin),
			want: outcome{Verdict: "allow", Asked: []string{resolved}},
		},
		"nobody asks where there is no Secret": {
			policies: trusting, is: annotated(record, byUser),
			want: outcome{Verdict: "deny", Violations: []string{broken}},
		},
		"an object that had the Secret before is warned about, at the price of one question": {
			policies: trusting, keys: secretOf(held(theirKey)), was: annotated(record, keyedPin), is: annotated(record+"\n  labels: {a: b}", keyedPin),
			want: outcome{Verdict: "warn", Violations: []string{"trusting/verify-identity=Warn at spec.verify"}, Asked: []string{asked}},
		},
		"one whose verify block changes is not": {
			policies: trusting, keys: map[string]any{"prod/keys cosign": held(theirKey), "prod/keys notation": held(theirKey)},
			was: annotated(record, keyedPin), is: annotated(record, strings.Replace(keyedPin, "cosign", "notation", 1)),
			want: outcome{Verdict: "deny", Violations: []string{broken}, Asked: []string{"keys of prod/keys notation", asked}},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, keys: test.keys, answers: test.answers}
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

// TestKeysDoNotKeepFromPinning, unless they deny.
func TestKeysDoNotKeepFromPinning(t *testing.T) {
	const asked, resolved, pinned = "keys of prod/keys cosign", "ghcr.io/acme/app:v1", "spec.ref.digest from tag v1 to sha256:aaa"
	for sentence, test := range map[string]struct {
		keys any
		want outcome
	}{
		"keys that are listed": {held(ourKey), outcome{Verdict: "allow", Pins: []string{pinned}, Asked: []string{asked, resolved}}},
		"keys that are not":    {held(theirKey), outcome{Verdict: "allow", Asked: []string{asked}}},
		"keys that could not be read": {errors.New("down"), outcome{
			Verdict: "allow", Failures: []string{"trusting/keys=Deny at spec.verify.secretRef"}, Pins: []string{pinned}, Asked: []string{asked, resolved}}},
		"keys that are not given": {gate.ErrNotGiven, outcome{
			Verdict: "allow", Failures: []string{"trusting/keys=Deny at spec.verify.secretRef"}, Pins: []string{pinned}, Asked: []string{asked, resolved}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: trusting, keys: secretOf(test.keys), answers: map[string]any{resolved: digestA}}
			_, d, err := w.gate().Mutate(t.Context(), request(t, "", repository(keyed)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(d, w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatIsSaidOfASecretThatCannotBeRead names it to those of its namespace only.
func TestWhatIsSaidOfASecretThatCannotBeRead(t *testing.T) {
	const charts = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: infra}, " +
		"spec: {type: oci, url: 'oci://ghcr.io/acme/charts'}}"
	const release = "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: app, namespace: prod}, spec: {interval: 5m, " +
		"chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts, namespace: infra}, verify: {secretRef: {name: keys}}}}}}"
	const foreign = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: base, namespace: infra}, " +
		"spec: {url: 'oci://ghcr.io/acme/app', verify: {secretRef: {name: keys}}}}"
	const kustomization = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: app, namespace: prod}, " +
		"spec: {interval: 5m, sourceRef: {kind: OCIRepository, name: base, namespace: infra}}}"
	down := errors.New("Get \"https://10.0.0.1:443/api\": connection refused")
	for sentence, test := range map[string]struct {
		is, other string
		err       error
		want      string
	}{
		"its own": {repository(keyed), "", down,
			"[trusting] spec.verify.secretRef: Secret prod/keys could not be read; try again"},
		"its own, of a name that no Secret has": {repository(strings.Replace(keyed, "name: keys", `name: "a\nb"`, 1)), "", down,
			`[trusting] spec.verify.secretRef: Secret prod/"a\nb" could not be read; try again`},
		"not among the files": {repository(keyed), "", gate.ErrNotGiven,
			"[trusting] spec.verify.secretRef: Secret prod/keys is not among the files, or not in plain text, so that its keys are not judged"},
		"beside a HelmRepository of another namespace": {release, charts, down,
			"[trusting] spec.chart.spec.verify.secretRef: the Secret of the verify block could not be read; try again"},
		"of an OCIRepository of another namespace": {kustomization, foreign, down,
			"[trusting] spec.sourceRef: the Secret of the verify block could not be read; try again"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: strings.Replace(trusting, "  pin: {tags: OnChange}\n", "", 1), objects: []string{test.other}}
			if test.other == "" {
				w.objects = nil
			}
			w.keys = map[string]any{"prod/keys cosign": test.err, "prod/a\nb cosign": test.err, "infra/keys ": test.err}
			d, err := w.gate().Validate(t.Context(), request(t, "", test.is))
			if err != nil || len(d.Failures) != 1 {
				t.Fatal(d, err)
			}
			if got := d.Failures[0].String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestWithoutKeysWhatNeedsThemIsUndecided: a door that cannot read Secrets lets nothing pass for it.
func TestWithoutKeysWhatNeedsThemIsUndecided(t *testing.T) {
	set, err := policy.Parse("test.yaml", []byte(trusting))
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New(gate.Options{
		Policies:   func() *policy.Set { return set },
		Lookup:     flux.LookupFunc(nil),
		Namespaces: gate.NamespacesFunc(func(context.Context, string) (map[string]string, error) { return nil, nil }),
		Resolver:   fixed{},
	})
	d, err := g.Validate(t.Context(), request(t, "", annotated(record, keyedPin)))
	if err != nil || d.Verdict != gate.Undecided || len(d.Failures) != 1 || d.Failures[0].Class != "keys" {
		t.Errorf("%+v, %v", d, err)
	}
}
