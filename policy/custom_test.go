package policy

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// customPolicy has custom rules, by name, and the built-in rule forbid-insecure beside them.
func customPolicy(t *testing.T, modules map[string]string) *Policy {
	t.Helper()
	written := &v1alpha1.SourcePolicy{}
	written.Name = "own"
	written.Spec.Rules = []v1alpha1.Rule{{Rule: "forbid-insecure"}}
	for name, body := range modules {
		module := "package fluxgate.custom." + strings.ReplaceAll(name, "-", "_") + "\n\n" + body
		written.Spec.Rego = append(written.Spec.Rego, v1alpha1.CustomRule{Name: name, Module: module})
	}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	p, err := lib.Compile(written)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// insecure is a review that forbid-insecure has something to say of.
func insecure() Review {
	r := oneSource(nil)
	r.Kind, r.Name = "OCIRepository", "podinfo"
	r.Sources[0].Path, r.Sources[0].Insecure = "spec", true
	r.Object = map[string]any{
		"kind": "OCIRepository",
		"metadata": map[string]any{
			"name": "podinfo", "labels": map[string]any{"team": "shop"}, "managedFields": []any{"secret"},
		},
		"spec":   map[string]any{"interval": "10m", "suspend": false},
		"status": map[string]any{"observedGeneration": int64(1)},
	}
	return r
}

// said is what a policy says of an input, without the wording of built-in rules.
type said struct{ Violations, Errors []string }

func ask(t *testing.T, p *Policy, r Review, phase Phase) said {
	t.Helper()
	violations, err := p.Evaluate(t.Context(), NewInput(r), phase)
	var s said
	for _, v := range violations {
		text := v.Rule
		if v.Rule != "forbid-insecure" {
			text = v.String()
		}
		s.Violations = append(s.Violations, text)
	}
	for _, e := range RuleErrors(err) {
		s.Errors = append(s.Errors, e.Error())
	}
	return s
}

const other = "forbid-insecure" // what the built-in rule says, whatever its neighbours do

func TestCustomRules(t *testing.T) {
	for name, test := range map[string]struct {
		rule, module string
		want         said
	}{
		"it reads labels, and says what a built-in rule could say": {
			"team-label", `violations contains {
	"path": "metadata.labels.team",
	"message": sprintf("team %s is unknown", [input.raw.metadata.labels.team]),
	"remediation": "name one of a, b",
} if {
	not input.raw.metadata.labels.team in {"a", "b"}
}`, said{Violations: []string{"[own/team-label] metadata.labels.team: team shop is unknown; name one of a, b", other}},
		},
		"it reads what the built-in rules read": {
			"sources", `violations contains {"source": i, "path": source.path, "message": source.form, "remediation": input.object.kind} if {
	some i, source in input.sources
}`, said{Violations: []string{other, "[own/sources] spec: oci-repository; OCIRepository"}},
		},
		"of the raw object, what only the API server writes is not there": {
			"raw", `violations contains {"path": key, "message": "is there", "remediation": "none"} if {
	some key, _ in object.union(input.raw, input.raw.metadata)
}`, said{Violations: []string{
				"[own/raw] kind: is there; none", "[own/raw] labels: is there; none", "[own/raw] metadata: is there; none",
				"[own/raw] name: is there; none", "[own/raw] spec: is there; none", other,
			}},
		},
		"it finds nothing": {"nothing", `violations contains 1 if input.none`, said{Violations: []string{other}}},
		"a text is no violation": {"text", `violations contains "bad" if input.object`,
			said{[]string{other}, []string{"rule text of policy own could not be evaluated"}}},
		"a violation needs a path": {"pathless", `violations contains {"message": "m", "remediation": "r"} if input.object`,
			said{[]string{other}, []string{"rule pathless of policy own could not be evaluated"}}},
		"an error of a builtin": {"erring", `violations contains to_number("x") if input.object`,
			said{[]string{other}, []string{"rule erring of policy own could not be evaluated"}}},
		"it loops": {"loops", `violations contains count([1 | ` + loops() + `])` + looped,
			said{[]string{other}, []string{"rule loops of policy own was cut off: it ran longer than 500ms"}}},
		"a call whose result would be huge is not made": {"replaces", `violations contains replace(b, "a", b) if {
	a := replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	b := replace(a, "a", a)
}`, said{[]string{other}, []string{"rule replaces of policy own could not be evaluated"}}},
		"a width is a size too": {"wide", `violations contains sprintf("%999999999d", [1]) if input.object`,
			said{[]string{other}, []string{"rule wide of policy own could not be evaluated"}}},
		"numbers do not grow without end": {"squares", `violations contains d if {
	a := 1e300 * to_number("1e300")
	b := a * a
	c := b * b
	d := c * c
}`, said{[]string{other}, []string{"rule squares of policy own could not be evaluated"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := customPolicy(t, map[string]string{test.rule: test.module})
			if diff := cmp.Diff(test.want, ask(t, p, insecure(), Static)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// loops are generators whose product never ends. For each of it a text is searched in vain: without that the garbage of the loop
// could reach the limit of memory before the time is over, on a fast machine.
func loops() string {
	var b strings.Builder
	for _, x := range "abcdefghij" {
		b.WriteString("some " + string(x) + " in xs\n")
	}
	return b.String() + `regex.match("(a|aa)+b", long)` + "\n"
}

// looped is what loops go through.
const looped = `

xs := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

long := concat("", [text | some a in xs; some b in xs; some c in xs; text := sprintf("aaaaaaaaaaaaaaaaaaaa%d%d%d", [a, b, c])])`

// TestARuleThatTakesAllMemoryIsCutOff: it doubles an array until it is stopped, and the process lives on.
func TestARuleThatTakesAllMemoryIsCutOff(t *testing.T) {
	var body strings.Builder
	body.WriteString("violations contains count(a40)\n\na0 := [1, 2, 3, 4, 5, 6, 7, 8]\n")
	for i := range 40 {
		from, to := string(rune('0'+i/10))+string(rune('0'+i%10)), string(rune('0'+(i+1)/10))+string(rune('0'+(i+1)%10))
		body.WriteString("a" + trimZero(to) + " := array.concat(a" + trimZero(from) + ", a" + trimZero(from) + ")\n")
	}
	p := customPolicy(t, map[string]string{"hungry": body.String()})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := ask(t, p, insecure(), Static)
	runtime.ReadMemStats(&after)
	t.Logf("allocated in all: %d MiB", (after.TotalAlloc-before.TotalAlloc)>>20)
	if len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "rule hungry of policy own was cut off: it ") {
		t.Errorf("errors are %q, want one that says which limit was hit", got.Errors)
	}
	if diff := cmp.Diff([]string{other}, got.Violations); diff != "" {
		t.Errorf("the other rules (-want +got):\n%s", diff)
	}
}

func trimZero(number string) string {
	if trimmed := strings.TrimLeft(number, "0"); trimmed != "" {
		return trimmed
	}
	return "0"
}

// TestARuleThatWasCutOffRestsForItsNamespace: the time that it takes is taken from nobody else.
func TestARuleThatWasCutOffRestsForItsNamespace(t *testing.T) {
	p := customPolicy(t, map[string]string{"loops": `violations contains count([1 | ` + loops() + `]) if input.object.namespace == "apps"` + looped})
	first := ask(t, p, insecure(), Static)
	started := time.Now()
	again := ask(t, p, insecure(), Static)
	elsewhere := insecure()
	elsewhere.Namespace = "shop"
	want := []said{
		{[]string{other}, []string{"rule loops of policy own was cut off: it ran longer than 500ms"}},
		{[]string{other}, []string{"rule loops of policy own was cut off: it ran out of its budget a moment ago for an object of this namespace, and is not tried again yet"}},
		{[]string{other}, nil},
	}
	if diff := cmp.Diff(want, []said{first, again, ask(t, p, elsewhere, Static)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Logf("the second time took %s", time.Since(started))
}

func TestACustomRuleEndsWithItsReview(t *testing.T) {
	p := customPolicy(t, map[string]string{"loops": `violations contains count([1 | ` + loops() + `]) if input.object` + looped})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := p.Evaluate(ctx, NewInput(insecure()), Static)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the review's own deadline", err)
	}
	if p.custom[Static][0].tired.is("apps") {
		t.Error("the rule rests although it was the review that had no time")
	}
}

// TestACustomRuleOfTheFactsPhase hears what the registry said.
func TestACustomRuleOfTheFactsPhase(t *testing.T) {
	written := &v1alpha1.SourcePolicy{}
	written.Name = "own"
	written.Spec.Rego = []v1alpha1.CustomRule{{Name: "known", Module: `# METADATA
# title: digests are known
# custom:
#   phase: facts
package fluxgate.custom.known

violations contains {"source": i, "path": "spec", "message": source.resolved.digest, "remediation": "none"} if {
	some i, source in input.sources
}
`}}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	p, err := lib.Compile(written)
	if err != nil {
		t.Fatal(err)
	}
	r := insecure()
	r.Sources[0].Resolved = &Resolved{Tag: "v1", Digest: "sha256:abc"}
	want := []said{{}, {Violations: []string{"[own/known] spec: sha256:abc; none"}}}
	if diff := cmp.Diff(want, []said{ask(t, p, r, Static), ask(t, p, r, Facts)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !p.NeedsFacts() {
		t.Error("the policy does not ask for facts")
	}
}

// TestACustomRuleThatNeedsKeys has them asked for, and is no judge where nobody asked.
func TestACustomRuleThatNeedsKeys(t *testing.T) {
	written := &v1alpha1.SourcePolicy{}
	written.Name = "own"
	written.Spec.Rego = []v1alpha1.CustomRule{{Name: "keyed", Module: `# METADATA
# custom:
#   needs: [keys]
package fluxgate.custom.keyed

violations contains {"source": i, "path": "spec", "message": entry.fingerprint, "remediation": "none"} if {
	some i, source in input.sources
	some entry in source.keys.entries
}
`}}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	p, err := lib.Compile(written)
	if err != nil {
		t.Fatal(err)
	}
	if !p.NeedsKeys() {
		t.Error("the policy does not ask for keys")
	}
	unasked := insecure()
	unasked.Sources[0].Verify = &flux.Verify{SecretRef: "keys"}
	asked := insecure()
	asked.Sources[0].Verify = unasked.Sources[0].Verify
	asked.Sources[0].Keys = &Keys{Entries: []Key{{Entry: "a.pub", Fingerprint: "sha256:aa"}}}
	want := []said{
		{nil, []string{"rule keyed of policy own could not be evaluated"}},
		{[]string{"[own/keyed] spec: sha256:aa; none"}, nil},
	}
	if diff := cmp.Diff(want, []said{ask(t, p, unasked, Static), ask(t, p, asked, Static)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
