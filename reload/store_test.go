package reload_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/reload"
)

const fromFile = `apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: of-a-file}
spec:
  rules: [{rule: canonical-url}]
`

// written is a SourcePolicy as the API server has it. A rule that does not exist makes it broken.
func written(name, uid string, generation int64, rules ...string) *v1alpha1.SourcePolicy {
	p := &v1alpha1.SourcePolicy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid), Generation: generation}}
	for _, rule := range rules {
		p.Spec.Rules = append(p.Spec.Rules, v1alpha1.Rule{Rule: rule})
	}
	return p
}

// keeping is the same with a last good spec in its status.
func keeping(p *v1alpha1.SourcePolicy, generation int64, rule string) *v1alpha1.SourcePolicy {
	p.Status.InForce = &v1alpha1.SourcePolicyInForce{
		Generation: generation, Spec: v1alpha1.SourcePolicySpec{Rules: []v1alpha1.Rule{{Rule: rule}}},
	}
	return p
}

// standing is what a store makes of its policies: their names, "!" before those that are broken.
type standing struct {
	State   reload.State
	InForce int64 // the generation of the earlier spec, where there is one
	Problem string
	Set     []string
}

func newStore(t *testing.T, withFile bool) *reload.Store {
	t.Helper()
	library, err := policy.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	if !withFile {
		return reload.New(library, nil)
	}
	files, err := policy.Parse("file.yaml", []byte(fromFile))
	if err != nil {
		t.Fatal(err)
	}
	return reload.New(library, files)
}

func standingOf(s *reload.Store, p *v1alpha1.SourcePolicy) standing {
	outcome := s.Outcome(p)
	got := standing{State: outcome.State}
	if outcome.InForce != nil {
		got.InForce = outcome.InForce.Generation
	}
	if outcome.Problem != nil {
		got.Problem = outcome.Problem.Error()
	}
	for _, in := range s.Policies().Policies() {
		name := in.Name()
		if in.Broken() != nil {
			name = "!" + name
		}
		got.Set = append(got.Set, name)
	}
	return got
}

func TestPoliciesOfTheCluster(t *testing.T) {
	unknown := func() string { // the words of the loader
		library, err := policy.NewLibrary()
		if err != nil {
			t.Fatal(err)
		}
		_, err = library.Compile(written("p", "u", 1, "gone"))
		return err.Error()
	}()
	for name, test := range map[string]struct {
		puts []*v1alpha1.SourcePolicy
		want standing // of the last one
	}{
		"a good policy": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 1, "canonical-url")},
			standing{reload.Current, 0, "", []string{"of-a-file", "p"}},
		},
		"a broken one, and none was good before": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 1, "gone")},
			standing{reload.Broken, 0, unknown, []string{"of-a-file", "!p"}},
		},
		"broken after it was good": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 1, "canonical-url"), written("p", "u", 2, "gone")},
			standing{reload.LastGood, 1, unknown, []string{"of-a-file", "p"}},
		},
		"broken twice": {
			[]*v1alpha1.SourcePolicy{
				written("p", "u", 1, "canonical-url"), written("p", "u", 2, "gone"), written("p", "u", 3, "gone"),
			},
			standing{reload.LastGood, 1, unknown, []string{"of-a-file", "p"}},
		},
		"mended": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 1, "gone"), written("p", "u", 2, "canonical-url")},
			standing{reload.Current, 0, "", []string{"of-a-file", "p"}},
		},
		"after a restart, the status knows what was good": {
			[]*v1alpha1.SourcePolicy{keeping(written("p", "u", 2, "gone"), 1, "canonical-url")},
			standing{reload.LastGood, 1, unknown, []string{"of-a-file", "p"}},
		},
		"after a restart, the status comes later": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 2, "gone"), keeping(written("p", "u", 2, "gone"), 1, "canonical-url")},
			standing{reload.LastGood, 1, unknown, []string{"of-a-file", "p"}},
		},
		"what was good to an earlier version of Fluxgate is not any more": {
			[]*v1alpha1.SourcePolicy{keeping(written("p", "u", 2, "gone"), 1, "gone-too")},
			standing{reload.Broken, 0, unknown, []string{"of-a-file", "!p"}},
		},
		"another policy of that name was good": {
			[]*v1alpha1.SourcePolicy{written("p", "u", 1, "canonical-url"), written("p", "v", 1, "gone")},
			standing{reload.Broken, 0, unknown, []string{"of-a-file", "!p"}},
		},
		"the name of a file's policy": {
			[]*v1alpha1.SourcePolicy{written("of-a-file", "u", 1, "forbid-tags")},
			standing{reload.Shadowed, 0, reload.ErrShadowed("of-a-file").Error(), []string{"of-a-file"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, true)
			var last *v1alpha1.SourcePolicy
			for _, p := range test.puts {
				last = p
				s.PutPolicy(p)
			}
			if diff := cmp.Diff(test.want, standingOf(s, last)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			s.DeletePolicy(last.Name)
			want := standing{Set: []string{"of-a-file"}}
			if diff := cmp.Diff(want, standingOf(s, last)); diff != "" {
				t.Errorf("after it was deleted (-want +got):\n%s", diff)
			}
		})
	}
}

// TestASetStaysAsItIs: a review keeps the set that it began with.
func TestASetStaysAsItIs(t *testing.T) {
	s := newStore(t, false)
	s.PutPolicy(written("p", "u", 1, "canonical-url"))
	before := s.Policies()
	if again := s.Policies(); again != before {
		t.Error("without a change, another set was made")
	}
	s.PutPolicy(written("q", "u", 1, "canonical-url"))
	if len(before.Policies()) != 1 || len(s.Policies().Policies()) != 2 {
		t.Errorf("the first set has %d policies and the second %d, want 1 and 2", len(before.Policies()), len(s.Policies().Policies()))
	}
}

func TestExceptionsOfTheCluster(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	accepting := written("p", "u", 1, "canonical-url")
	accepting.Spec.Exceptions = &v1alpha1.Exceptions{
		Rules: []string{"canonical-url"}, MaxDuration: &metav1.Duration{Duration: 24 * time.Hour},
	}
	exception := func(change func(*v1alpha1.PolicyException)) *v1alpha1.PolicyException {
		e := &v1alpha1.PolicyException{
			ObjectMeta: metav1.ObjectMeta{Namespace: "prod", Name: "e", UID: "e", Generation: 1, CreationTimestamp: metav1.NewTime(now)},
			Spec: v1alpha1.PolicyExceptionSpec{
				Policy: "p", Rules: []string{"canonical-url"}, Names: []string{"*"}, Reason: "r", Until: metav1.NewTime(now.Add(time.Hour)),
			},
		}
		change(e)
		return e
	}
	for name, test := range map[string]struct {
		change func(*v1alpha1.PolicyException)
		want   reload.Standing
		why    string
	}{
		"it counts": {func(*v1alpha1.PolicyException) {}, reload.InForce, "it counts until 2026-11-24T13:00:00Z"},
		"it ended": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(now) },
			reload.Expired, "it ended at 2026-11-24T12:00:00Z"},
		"there is no such policy": {func(e *v1alpha1.PolicyException) { e.Spec.Policy = "q" },
			reload.NoPolicy, "there is no SourcePolicy q"},
		"it lasts too long": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(now.Add(48 * time.Hour)) },
			reload.NotAccepted, "policy p accepts no exception that lasts longer than 24h0m0s: set spec.until to 2026-11-25T12:00:00Z at the latest, counted from its creation"},
		"it gives no reason": {func(e *v1alpha1.PolicyException) { e.Spec.Reason = "" },
			reload.Malformed, "spec.reason: is required: say why, and where that was decided"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, false)
			s.PutPolicy(accepting)
			e := exception(test.change)
			s.PutException(e)
			got, why := s.Stands(e, now)
			if diff := cmp.Diff([]any{test.want, test.why}, []any{got, why}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			p := s.Policies().Find("p")
			object := policy.Object{Kind: "OCIRepository", Namespace: "prod", Name: "podinfo"}
			excepted := s.Policies().Excepted(p, "canonical-url", object, []string{"prod"}, now) != nil
			if excepted != (test.want == reload.InForce) {
				t.Errorf("excepted: %t, but its standing is %d", excepted, got)
			}
			s.DeleteException(types.NamespacedName{Namespace: "prod", Name: "e"})
			if n := len(s.Policies().Exceptions()); n != 0 {
				t.Errorf("%d exceptions after the only one was deleted", n)
			}
		})
	}
}
