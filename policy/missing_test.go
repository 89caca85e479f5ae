package policy

import "testing"

func TestMissingSources(t *testing.T) {
	for sentence, test := range map[string]struct {
		spec string
		want Action
	}{
		"a policy that says nothing of it warns":        {"  rules: [{rule: canonical-url}]\n", Warn},
		"a policy that warns says no more":              {"  action: Warn\n  rules: [{rule: canonical-url}]\n", Warn},
		"a policy that only audits does not warn of it": {"  action: Audit\n  rules: [{rule: canonical-url}]\n", Audit},
		"what is written counts, stricter":              {"  missingSources: Deny\n  rules: [{rule: canonical-url}]\n", Deny},
		"what is written counts, stricter than Audit":   {"  action: Audit\n  missingSources: Deny\n  rules: [{rule: canonical-url}]\n", Deny},
		"what is written counts, laxer":                 {"  missingSources: Audit\n  rules: [{rule: canonical-url}]\n", Audit},
	} {
		t.Run(sentence, func(t *testing.T) {
			set, err := Parse("policy.yaml", []byte(head+test.spec))
			if err != nil {
				t.Fatal(err)
			}
			if got := set.Policies()[0].MissingSources(); got != test.want {
				t.Errorf("MissingSources() = %s, want %s", got, test.want)
			}
		})
	}
}
