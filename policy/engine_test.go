package policy

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fluxgate/fluxgate/flux"
)

// madeRule is a rule file with whole metadata and the given body.
func madeRule(name, body string) string {
	text := `# METADATA
# title: a made rule
# description: it is made for a test
# custom:
#   severity: low
#   phase: static
#   remediation: none
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       word: {type: string, default: hello}
#   example: "- rule: made"
#   reads:
READSpackage fluxgate.rules.NAME

BODY
`
	var reads strings.Builder
	for _, form := range Forms() {
		reads.WriteString("#     " + form + ": nothing\n")
	}
	return strings.NewReplacer("READS", reads.String(), "NAME", name, "BODY", body).Replace(text)
}

// madePolicy has the rules of the given files, and nothing else.
func madePolicy(t *testing.T, bodies map[string]string) (*Policy, error) {
	t.Helper()
	files := fstest.MapFS{}
	entries := ""
	for name, body := range bodies {
		files[name+".rego"] = &fstest.MapFile{Data: []byte(madeRule(name, body))}
		entries += "  - rule: " + strings.ReplaceAll(name, "_", "-") + "\n"
	}
	lib, err := newLibrary(files)
	if err != nil {
		return nil, err
	}
	text := "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: made}\nspec:\n  rules:\n" + entries
	set, err := lib.load([]file{{"made.yaml", []byte(text)}}, nil)
	if err != nil {
		return nil, err
	}
	return set.policies[0], nil
}

// oneSource is a review of a source that another object declares.
func oneSource(origin *flux.Key) Review {
	return Review{Namespace: "apps", Sources: []SourceReview{{Source: flux.Source{
		Form: flux.FormOCIRepository, Kind: "OCIRepository", Path: "spec.chartRef", Origin: origin,
	}}}}
}

func TestARuleIsOneFile(t *testing.T) {
	p, err := madePolicy(t, map[string]string{
		"made": `prepared := concat("", [input.params.made.word, "!"])

violations contains {"source": 0, "path": "spec.url", "message": input.prepared.made, "remediation": "none"}

violations contains {"path": "metadata", "message": "the whole object", "remediation": "none"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	in := NewInput(oneSource(nil))
	got, err := p.Evaluate(t.Context(), in, Static)
	if err != nil {
		t.Fatal(err)
	}
	want := []Violation{
		{Policy: "made", Rule: "made", Action: Deny, Path: "metadata", Message: "the whole object", Remediation: "none", Source: -1},
		{Policy: "made", Rule: "made", Action: Deny, Path: "spec.url", Message: "hello!", Remediation: "none", Source: 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("(-want +got):\n", diff)
	}
}

// TestABrokenRuleIsAnError: what cannot be read is never "no violation", and the other rules are heard all the same.
func TestABrokenRuleIsAnError(t *testing.T) {
	sound := `violations contains {"source": 0, "path": "p", "message": "m", "remediation": "r"}`
	heard := []Violation{{Policy: "made", Rule: "sound", Action: Deny, Path: "p", Message: "m", Remediation: "r"}}
	for name, body := range map[string]string{
		"an undefined result":               `violations := {1} if input.never`,
		"a boolean":                         `violations := true`,
		"an object":                         `violations.a := 1`,
		"an array":                          `violations := []`,
		"an evaluation error":               `violations contains 1 / (count(input.sources) - 1)`,
		"a conflict":                        "violations := {1} if input.sources\n\nviolations := {2} if input.sources",
		"an entry that is no object":        `violations contains "text"`,
		"an entry without a message":        `violations contains {"source": 0, "path": "p", "remediation": "r"}`,
		"an entry with an empty message":    `violations contains {"source": 0, "path": "p", "message": "", "remediation": "r"}`,
		"an entry with a number for a path": `violations contains {"source": 0, "path": 5, "message": "m", "remediation": "r"}`,
		"a source that is no index":         `violations contains {"source": "0", "path": "p", "message": "m", "remediation": "r"}`,
		"a source beyond the sources":       `violations contains {"source": 1, "path": "p", "message": "m", "remediation": "r"}`,
		"a source that is negative":         `violations contains {"source": -1, "path": "p", "message": "m", "remediation": "r"}`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := madePolicy(t, map[string]string{"sound": sound, "broken": body})
			if err != nil {
				t.Fatal(err)
			}
			in := NewInput(oneSource(nil))
			got, err := p.Evaluate(t.Context(), in, Static)
			if diff := cmp.Diff(heard, got); diff != "" {
				t.Error("violations (-want +got):\n", diff)
			}
			failed, ok := errors.AsType[*RuleError](err)
			if !ok {
				t.Fatalf("error is %v, want a *RuleError", err)
			}
			want := &RuleError{Policy: "made", Rule: "broken"}
			if diff := cmp.Diff(want, failed, cmpopts.IgnoreFields(RuleError{}, "Err")); diff != "" {
				t.Error("error (-want +got):\n", diff)
			}
			if got, want := failed.Error(), "rule broken of policy made could not be evaluated"; got != want {
				t.Errorf("text is %q, want %q", got, want)
			}
		})
	}
}

func TestEvaluationEndsWithItsContext(t *testing.T) {
	p, err := madePolicy(t, map[string]string{"endless": `violations contains {"n": n} if {
	some a in input.sources
	some b in input.sources
	some c in input.sources
	some d in input.sources
	n := concat("", [a.path, b.path, c.path, d.path])
}`})
	if err != nil {
		t.Fatal(err)
	}
	review := oneSource(nil)
	for range 9 {
		review.Sources = append(review.Sources, review.Sources...)
	}
	in := NewInput(review)
	for name, give := range map[string]time.Duration{"soon": 20 * time.Millisecond, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), give)
			defer cancel()
			start := time.Now()
			got, err := p.Evaluate(ctx, in, Static)
			if len(got) > 0 || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v and %v, want no violations and the deadline's error", got, err)
			}
			if want := "rule endless of policy made ran out of time"; err.Error() != want {
				t.Errorf("text is %q, want %q", err, want)
			}
			if late := time.Since(start); late > 5*time.Second {
				t.Errorf("it took %s", late)
			}
		})
	}
}
