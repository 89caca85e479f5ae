package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// noon is when the exceptions of these tests are asked for.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// accepting is a policy that accepts exceptions from one of its two rules, for a day.
const accepting = head + `  match: {namespaces: [prod, "prod-*"]}
  rules: [{rule: require-verify}, {rule: forbid-insecure}]
  exceptions: {rules: [require-verify], maxDuration: 24h}
`

// exception is one that counts, unless change says otherwise.
func exception(change func(*v1alpha1.PolicyException)) *v1alpha1.PolicyException {
	e := &v1alpha1.PolicyException{}
	e.Namespace, e.Name = "prod", "legacy"
	e.CreationTimestamp = metav1.NewTime(noon.Add(-time.Hour))
	e.Spec = v1alpha1.PolicyExceptionSpec{
		Policy: "p", Rules: []string{"require-verify"}, Names: []string{"podinfo", "old-*"},
		Reason: "TICKET-1", Until: metav1.NewTime(noon.Add(time.Hour)),
	}
	if change != nil {
		change(e)
	}
	return e
}

func TestExceptions(t *testing.T) {
	podinfo := Object{"OCIRepository", "prod", "podinfo"}
	for name, test := range map[string]struct {
		change  func(*v1alpha1.PolicyException)
		rule    string
		object  Object
		through []string
		want    bool
	}{
		"an exception in force":                 {nil, "require-verify", podinfo, []string{"prod"}, true},
		"a glob":                                {nil, "require-verify", Object{"HelmRelease", "prod", "old-shop"}, []string{"prod"}, true},
		"another name":                          {nil, "require-verify", Object{"OCIRepository", "prod", "podinfo2"}, []string{"prod"}, false},
		"a name that is generated":              {nil, "require-verify", Object{"OCIRepository", "prod", ""}, []string{"prod"}, false},
		"a rule that it does not name":          {nil, "forbid-insecure", podinfo, []string{"prod"}, false},
		"the same name in another namespace":    {nil, "require-verify", Object{"HelmRelease", "apps", "podinfo"}, []string{"prod"}, false},
		"judged for a second namespace as well": {nil, "require-verify", podinfo, []string{"prod", "prod-eu"}, false},
		"through no namespace":                  {nil, "require-verify", podinfo, nil, false},
		"another kind": {func(e *v1alpha1.PolicyException) { e.Spec.Kinds = []string{"HelmRelease"} },
			"require-verify", podinfo, []string{"prod"}, false},
		"the kind that it names": {func(e *v1alpha1.PolicyException) { e.Spec.Kinds = []string{"OCIRepository"} },
			"require-verify", podinfo, []string{"prod"}, true},
		"an object of another namespace that it names": {func(e *v1alpha1.PolicyException) { e.Spec.Names = []string{"apps/pod*"} },
			"require-verify", Object{"HelmRelease", "apps", "podinfo"}, []string{"prod"}, true},
		"a namespace's name is no glob for names": {func(e *v1alpha1.PolicyException) { e.Spec.Names = []string{"apps/*"} },
			"require-verify", podinfo, []string{"prod"}, false},
		"a second before its end": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(noon.Add(time.Second)) },
			"require-verify", podinfo, []string{"prod"}, true},
		"at its end": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(noon) },
			"require-verify", podinfo, []string{"prod"}, false},
		"as long as may be": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(noon.Add(23 * time.Hour)) },
			"require-verify", podinfo, []string{"prod"}, true},
		"longer than may be": {func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(noon.Add(23*time.Hour + time.Second)) },
			"require-verify", podinfo, []string{"prod"}, false},
		"one of its rules is not accepted": {func(e *v1alpha1.PolicyException) { e.Spec.Rules = []string{"require-verify", "forbid-insecure"} },
			"require-verify", podinfo, []string{"prod"}, false},
		"of another policy": {func(e *v1alpha1.PolicyException) { e.Spec.Policy = "q" },
			"require-verify", podinfo, []string{"prod"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse("policy.yaml", []byte(accepting))
			if err != nil {
				t.Fatal(err)
			}
			e, err := CompileException(exception(test.change))
			if err != nil {
				t.Fatal(err)
			}
			set = NewSet(set.Policies(), []*Exception{e})
			got := set.Excepted(set.Find("p"), test.rule, test.object, test.through, noon)
			if (got != nil) != test.want {
				t.Errorf("got %v, want it excepted: %t", got, test.want)
			}
		})
	}
}

func TestWhyAnExceptionIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		policy string
		change func(*v1alpha1.PolicyException)
		want   string
	}{
		"it is accepted":          {accepting, nil, ""},
		"the policy accepts none": {head + "  rules: [{rule: require-verify}]\n", nil, "policy p accepts no exceptions"},
		"not this rule": {accepting, func(e *v1alpha1.PolicyException) { e.Spec.Rules = []string{"forbid-insecure"} },
			"policy p accepts no exception from the rule forbid-insecure, only from require-verify"},
		"too long": {accepting, func(e *v1alpha1.PolicyException) { e.Spec.Until = metav1.NewTime(noon.Add(48 * time.Hour)) },
			"policy p accepts no exception that lasts longer than 24h0m0s: set spec.until to 2026-11-25T11:00:00Z at the latest, counted from its creation"},
		"too long, in a file": {accepting, func(e *v1alpha1.PolicyException) {
			e.CreationTimestamp, e.Spec.Until = metav1.Time{}, metav1.NewTime(noon.Add(48*time.Hour))
		}, "policy p accepts no exception that lasts longer than 24h0m0s: set spec.until to 2026-11-25T12:00:00Z at the latest, counted from now"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse("policy.yaml", []byte(test.policy))
			if err != nil {
				t.Fatal(err)
			}
			e, err := CompileException(exception(test.change))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, set.Find("p").Refuses(e, noon)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnExceptionIsReadInBounds: tenants write them, and what fills a list must not be gone through.
func TestAnExceptionIsReadInBounds(t *testing.T) {
	many := slices.Repeat([]string{"?/"}, 100_000)
	for name, test := range map[string]struct {
		change func(*v1alpha1.PolicyException)
		want   string
	}{
		"names": {func(e *v1alpha1.PolicyException) { e.Spec.Names = many }, "spec.names: has more than 64 entries: use several exceptions"},
		"kinds and rules": {func(e *v1alpha1.PolicyException) { e.Spec.Kinds, e.Spec.Rules = many, many },
			"spec.kinds: has more than 64 entries: use several exceptions\nspec.rules: has more than 64 entries: use several exceptions"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := CompileException(exception(test.change))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
