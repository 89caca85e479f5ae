package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// TestABrokenPolicyMakesUndecidedWhatItMatches, and nothing else; whoever may bypass it is not kept out by it either.
func TestABrokenPolicyMakesUndecidedWhatItMatches(t *testing.T) {
	undecided := []string{"broken/policy=Deny at spec"}
	tests := map[string]struct {
		held map[string]any
		is   string
		want passed
	}{
		"an object that it matches": {map[string]any{"broken": false}, repository(byUser),
			passed{outcome{Verdict: "error", Failures: undecided}, []string{"broken"}, nil}},
		"a user who may bypass it": {map[string]any{"broken": true}, repository(byUser),
			passed{outcome{Verdict: "warn", Failures: []string{"broken/policy=Warn at spec"}}, []string{"broken"}, []string{"broken"}}},
		"an object that it does not match": {nil, inlined("dev", "tag: v1"),
			passed{outcome: outcome{Verdict: "allow", Skipped: "no policy matches"}}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			lib, err := policy.NewLibrary()
			if err != nil {
				t.Fatal(err)
			}
			broken, err := lib.Compile(&v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: "broken"}, Spec: v1alpha1.SourcePolicySpec{
				Match: v1alpha1.Match{Namespaces: []string{"prod"}}, Rules: []v1alpha1.Rule{{Rule: "gone"}},
			}})
			if broken == nil || err == nil {
				t.Fatalf("got %v and %v, want a broken policy and why", broken, err)
			}
			w := &world{t: t}
			g := gate.New(gate.Options{
				Policies:   func() *policy.Set { return policy.NewSet([]*policy.Policy{broken}, nil) },
				Lookup:     flux.LookupFunc(w.lookup),
				Namespaces: gate.NamespacesFunc(w.namespace),
				Resolver:   w,
			})
			user := &rights{t: t, held: test.held}
			req := request(t, "", test.is)
			req.Bypass = user.ask
			got, err := g.Validate(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, passed{outcomeOf(got, w), user.asked, got.Bypassed}, cmp.AllowUnexported(passed{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
		})
	}
}
