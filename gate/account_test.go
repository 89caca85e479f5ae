package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const accounts = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: accounts}
spec:
  rules:
    - rule: require-service-account
`

// applied is a Kustomization with more of its spec.
func applied(spec string) string {
	return `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: prod}
spec:
  sourceRef: {kind: GitRepository, name: app}
` + spec
}

// TestTheServiceAccountIsThatOfTheJudgedObject: it reaches the rules, and what was there before them is not frozen.
func TestTheServiceAccountIsThatOfTheJudgedObject(t *testing.T) {
	tests := map[string]struct {
		was, is string
		want    outcome
	}{
		"a new object that names one": {is: applied("  serviceAccountName: deployer"), want: outcome{Verdict: "allow"}},
		"a new object that names none": {is: applied(""), want: outcome{
			Verdict: "deny", Violations: []string{"accounts/require-service-account=Deny at spec.serviceAccountName"},
		}},
		"the name is taken out": {was: applied("  serviceAccountName: deployer"), is: applied(""), want: outcome{
			Verdict: "deny", Violations: []string{"accounts/require-service-account=Deny at spec.serviceAccountName"},
		}},
		"an object that never named one is updated": {was: applied(""), is: applied("  prune: true"), want: outcome{
			Verdict: "warn", Violations: []string{"accounts/require-service-account=Warn at spec.serviceAccountName"},
		}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: accounts}
			decision, err := w.gate().Validate(t.Context(), request(t, test.was, test.is))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outcomeOf(decision, w)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
