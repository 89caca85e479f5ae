package policies_test

import (
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// TestBrokenRegoIsRefusedWhenItIsApplied: with the place of each mistake, and before it is anybody's policy.
func TestBrokenRegoIsRefusedWhenItIsApplied(t *testing.T) {
	for name, test := range map[string]struct{ module, want string }{
		"a syntax error": {
			"violations contains { if",
			"spec.rego[0].module: 3:23: rego_parse_error: unexpected if keyword",
		},
		"it asks for http.send": {
			"violations contains v if {\n\tv := http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"})\n}",
			"spec.rego[0].module: 4:7: rego_type_error: undefined function http.send",
		},
		"it asks for the environment": {
			"violations contains opa.runtime().env",
			"spec.rego[0].module: 3:21: rego_type_error: undefined function opa.runtime",
		},
		"it asks for the time": {
			"violations contains time.now_ns()",
			"spec.rego[0].module: 3:21: rego_type_error: undefined function time.now_ns",
		},
		"it reads another package": {
			"violations contains data.fluxgate.rules.require_verify.violations",
			"spec.rego[0].module: 3:21: data.fluxgate.rules.require_verify.violations is not there: a module is alone, and knows nothing but input",
		},
		"its violations are no set": {
			"violations := [1]",
			`spec.rego[0].module: it defines no violations: write "violations contains violation if { … }"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := admin(t).Create(t.Context(), withModule(t, "refused", "own", test.module), client.DryRunAll)
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant 422 with %q", err, test.want)
			}
		})
	}
}

// TestRegoThatMisbehavesIsCutOff: it is undecided what such a rule says, its onError settles that, and everything else works.
func TestRegoThatMisbehavesIsCutOff(t *testing.T) {
	namespace(t, "rego")
	namespace(t, "rego-beside")
	create(t, policyOf(t, "rego-beside", "{match: {namespaces: [rego-beside]}, rules: [{rule: forbid-insecure}]}"))
	generators := ""
	for _, v := range "abcdefghij" {
		generators += "some " + string(v) + " in xs\n"
	}
	// Without this the garbage of the loop could reach the limit of memory before the time is over, on a fast machine.
	generators += `regex.match("(a|aa)+b", long)` + "\n"
	const looped = `

xs := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

long := concat("", [text | some a in xs; some b in xs; some c in xs; text := sprintf("aaaaaaaaaaaaaaaaaaaa%d%d%d", [a, b, c])])`
	doubling := "a0 := [1, 2, 3, 4]\n"
	for i := range 40 {
		doubling += strings.NewReplacer("FROM", string(rune('a'+i/10))+string(rune('0'+i%10)), "TO",
			string(rune('a'+(i+1)/10))+string(rune('0'+(i+1)%10))).Replace("TO := array.concat(FROM, FROM)\n")
	}
	for name, test := range map[string]struct{ module, want string }{
		"loops": {"violations contains count([1 | " + generators + "])" + looped,
			"rule own of policy rego-loops was cut off: it ran longer than 500ms"},
		"allocates": {"violations contains count(e0)\n\n" + doubling, "rule own of policy rego-allocates was cut off: it "},
		"wrong-type": {"violations contains 1 if input.object",
			"rule own of policy rego-wrong-type could not be evaluated"},
	} {
		t.Run(name, func(t *testing.T) {
			p := withModule(t, "rego-"+name, "own", test.module)
			p.Spec.Match.Namespaces = []string{"rego"}
			create(t, p)
			started := time.Now()
			err := admin(t).Create(t.Context(), repository("rego", "podinfo", nil), client.DryRunAll)
			if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v\nwant 500 with %q", err, test.want)
			}
			t.Logf("answered after %s", time.Since(started))
			if got := refusal(t, admin(t).Create(t.Context(), repository("rego-beside", "podinfo", insecure), client.DryRunAll)); got == "" {
				t.Error("another policy does not judge any more")
			}
			if got := refusal(t, admin(t).Create(t.Context(), repository("rego-beside", "podinfo", nil), client.DryRunAll)); got != "" {
				t.Errorf("another policy refuses what is good: %s", got)
			}
			update(t, p, func() { p.Spec.OnError = v1alpha1.ErrorAllow })
			condition(t, p, "True")
			eventually(t, "onError: Allow", func() bool {
				return admin(t).Create(t.Context(), repository("rego", "podinfo", nil), client.DryRunAll) == nil
			})
			must(t, admin(t).Delete(t.Context(), p))
		})
	}
}

// TestARuleOfOnesOwn judges labels, with parameters, at the real API server.
func TestARuleOfOnesOwn(t *testing.T) {
	namespace(t, "own-rule")
	p := withModule(t, "own-rule", "team-label", `violations contains {
	"path": "metadata.labels.team",
	"message": "no team is named",
	"remediation": sprintf("set it to one of %s", [concat(", ", input.params["team-label"].teams)]),
} if {
	not known
}

known if input.raw.metadata.labels.team in input.params["team-label"].teams`)
	p.Spec.Match.Namespaces = []string{"own-rule"}
	p.Spec.Rego[0].Params = raw(t, map[string]any{"teams": []string{"shop", "search"}})
	create(t, p)
	obj := repository("own-rule", "podinfo", nil)
	want := "[own-rule/team-label] metadata.labels.team: no team is named; set it to one of shop, search"
	if got := refusal(t, admin(t).Create(t.Context(), obj.DeepCopy(), client.DryRunAll)); !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	obj.SetLabels(map[string]string{"team": "search"})
	if got := refusal(t, admin(t).Create(t.Context(), obj, client.DryRunAll)); got != "" {
		t.Errorf("a good object is refused: %s", got)
	}
}
