package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// labelled has a rule of its own about the whole object.
const labelled = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: labelled}
spec:
  match: {namespaces: [prod]}
  rego:
    - name: team-label
      module: |
        package fluxgate.custom.team_label

        violations contains {"path": "metadata.labels.team", "message": "no team is named", "remediation": "name one"} if {
          not named
        }

        named if input.raw.metadata.labels.team == "shop"
`

// TestAViolationOfTheWholeObjectIsRatchetedToo: a policy that comes later does not freeze the objects that it finds, whatever
// part of them it judges.
func TestAViolationOfTheWholeObjectIsRatchetedToo(t *testing.T) {
	pinned := "  url: oci://ghcr.io/acme/app\n  ref: {digest: \"" + digestA + "\"}"
	denied := outcome{Verdict: "deny", Violations: []string{"labelled/team-label=Deny at metadata.labels.team"}}
	warned := outcome{Verdict: "warn", Violations: []string{"labelled/team-label=Warn at metadata.labels.team"}}
	for sentence, test := range map[string]struct {
		was, is string
		want    outcome
	}{
		"an object that is created":              {"", repository(pinned), denied},
		"an update of something else":            {repository(pinned), repository(pinned + "\n  timeout: 1m"), warned},
		"an update of what is pulled":            {repository(pinned), repository(pinned + "\n  layerSelector: {mediaType: x}"), denied},
		"an update of what the rule speaks of":   {repository(pinned), annotated("  labels: {team: other}", pinned), denied},
		"an update that takes the right one off": {annotated("  labels: {team: shop}", pinned), repository(pinned), denied},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: labelled, now: noon}
			got, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(got, w)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnExceptionOfTheOwnNamespaceDoesNotSpeakForThoseThatRefer: a source is judged for both, so both must except it.
func TestAnExceptionOfTheOwnNamespaceDoesNotSpeakForThoseThatRefer(t *testing.T) {
	const everywhere = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: accepting}
spec:
  match: {namespaces: [prod, shop]}
  exceptions: {rules: [require-verify], maxDuration: 24h}
  rules: [{rule: require-verify}]
`
	leaning := `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: site, namespace: shop}
spec:
  interval: 10m
  sourceRef: {kind: OCIRepository, name: app, namespace: prod}
`
	both := legacy("prod", tomorrow, "app") + legacy("shop", tomorrow, "prod/app")
	pinned := "  url: oci://ghcr.io/acme/app\n  ref: {digest: \"" + digestA + "\"}"
	for sentence, test := range map[string]struct {
		policies  string
		referrers []string
		want      string
	}{
		"nobody refers to it":            {everywhere + legacy("prod", tomorrow, "app"), nil, "allow"},
		"another namespace refers to it": {everywhere + legacy("prod", tomorrow, "app"), []string{leaning}, "deny"},
		"and excepts it as well":         {everywhere + both, []string{leaning}, "allow"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, referrers: test.referrers, now: noon}
			got, err := w.gate().Validate(t.Context(), request(t, "", repository(pinned)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Verdict.String()); diff != "" {
				t.Errorf("verdict (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}
