package policy

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// TestABrokenPolicyStillSaysWhomItMatches: what it would have judged is undecided, and nothing else is.
func TestABrokenPolicyStillSaysWhomItMatches(t *testing.T) {
	prod, apps := Namespace{Name: "prod"}, Namespace{Name: "apps"}
	for name, test := range map[string]struct {
		spec       v1alpha1.SourcePolicySpec
		prod, apps bool
		failing    Action
		listed     bool
	}{
		"a rule that does not exist": {
			v1alpha1.SourcePolicySpec{Match: v1alpha1.Match{Namespaces: []string{"prod"}}, Rules: []v1alpha1.Rule{{Rule: "gone"}}},
			true, false, Deny, false,
		},
		"onError settles it": {
			v1alpha1.SourcePolicySpec{OnError: v1alpha1.ErrorWarn, Rules: []v1alpha1.Rule{{Rule: "gone"}}}, true, true, Warn, false,
		},
		"a policy in Audit blocks nothing": {
			v1alpha1.SourcePolicySpec{Action: v1alpha1.ActionAudit, Rules: []v1alpha1.Rule{{Rule: "gone"}}}, true, true, Audit, false,
		},
		"a rule of it denies": {
			v1alpha1.SourcePolicySpec{Action: v1alpha1.ActionAudit, Rules: []v1alpha1.Rule{{Rule: "gone", Action: v1alpha1.ActionDeny}}},
			true, true, Deny, false,
		},
		"before its date it warns": {
			v1alpha1.SourcePolicySpec{EnforceFrom: &metav1.Time{Time: noon.Add(time.Hour)}, Rules: []v1alpha1.Rule{{Rule: "gone"}}},
			true, true, Warn, false,
		},
		"an action that does not exist counts as Deny": {
			v1alpha1.SourcePolicySpec{Action: "audit", Rules: []v1alpha1.Rule{{Rule: "forbid-tags", Action: "none"}}}, true, true, Deny, false,
		},
		"a match that cannot be read matches everything": {
			v1alpha1.SourcePolicySpec{Match: v1alpha1.Match{Namespaces: []string{"PROD"}}, Rules: []v1alpha1.Rule{{Rule: "forbid-tags"}}},
			true, true, Deny, false,
		},
		"its allow-list is known to be there": {
			v1alpha1.SourcePolicySpec{Rules: []v1alpha1.Rule{{Rule: "registry-allowlist"}}}, true, true, Deny, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			lib, err := NewLibrary()
			if err != nil {
				t.Fatal(err)
			}
			p, err := lib.Compile(&v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: test.spec})
			broken, ok := errors.AsType[*LoadError](err)
			if !ok || p == nil || p.Broken() != broken {
				t.Fatalf("got %v and %v, want a broken policy and a *LoadError", p, err)
			}
			type behaviour struct {
				Prod, Apps bool
				Failing    Action
				Listed     bool
			}
			got := behaviour{p.Selects(prod), p.Selects(apps), p.Failing(noon), p.LostAllowList()}
			if diff := cmp.Diff(behaviour{test.prod, test.apps, test.failing, test.listed}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestACompilationEndsWithItsTime: of the modules that are left none is begun, and the policy is not taken for a broken one.
func TestACompilationEndsWithItsTime(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := lib.CompileWithin(ctx, &v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: v1alpha1.SourcePolicySpec{
		Rego: []v1alpha1.CustomRule{{Name: "own", Module: "this is no Rego"}},
	}})
	if p.Broken() == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v and %v, want a broken policy and the error of the context", p, err)
	}
}
