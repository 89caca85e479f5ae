package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRulesThatNeverSayAWord(t *testing.T) {
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"every kind is selected":       {"  rules: [{rule: require-chart-ref}, {rule: require-verify}]\n", nil},
		"a kind that the rule reads":   {"  match: {kinds: [HelmRelease]}\n  rules: [{rule: require-chart-ref}]\n", nil},
		"a kind that it does not read": {"  match: {kinds: [OCIRepository]}\n  rules: [{rule: require-chart-ref}, {rule: require-verify}]\n", []string{"require-chart-ref"}},
		"one kind of two is read":      {"  match: {kinds: [OCIRepository, HelmChart]}\n  rules: [{rule: require-chart-ref}]\n", nil},
		"a rule of one's own is not known": {"  match: {kinds: [OCIRepository]}\n  rego:\n    - name: own\n      module: |\n        package fluxgate.custom.own\n\n" +
			"        violations contains v if {\n          input.object.kind == \"HelmRelease\"\n          v := {\"path\": \"spec\", \"message\": \"no\"}\n        }\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse("policy.yaml", []byte(head+test.spec))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, set.Find("p").Idle()); diff != "" {
				t.Errorf("idle rules (-want +got):\n%s", diff)
			}
		})
	}
}
