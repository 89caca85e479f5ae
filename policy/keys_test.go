package policy

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestKeysThatNobodyAskedForAreAnError: what is not known is neither a violation nor its absence; only for rules that need
// it, and only where there is a Secret.
func TestKeysThatNobodyAskedForAreAnError(t *testing.T) {
	const trusting = head + "  rules:\n  - rule: verify-identity\n    params: {keys: [\"" + listedKey + "\"]}\n"
	type outcome struct {
		Violations int
		Failed     string // the rule
	}
	for sentence, test := range map[string]struct {
		policy string
		change func(*SourceReview)
		want   outcome
	}{
		"a Secret of which nobody asked":         {trusting, func(s *SourceReview) { s.Keys = nil }, outcome{Failed: "verify-identity"}},
		"the same, and nobody needs to know":     {head + "  rules: [{rule: require-verify}]\n", func(s *SourceReview) { s.Keys = nil }, outcome{}},
		"no Secret, of which nobody need ask":    {trusting, func(s *SourceReview) { s.Keys, s.Verify.SecretRef = nil, "" }, outcome{Violations: 1}},
		"no verify block":                        {trusting, func(s *SourceReview) { s.Keys, s.Verify = nil, nil }, outcome{Violations: 1}},
		"a Secret that could not be read":        {trusting, func(s *SourceReview) { s.Keys = &Keys{Unknown: true} }, outcome{}},
		"the same, which excuses nothing else":   {trusting, func(s *SourceReview) { s.Keys, s.Verify.Provider = &Keys{Unknown: true}, "gpg" }, outcome{Violations: 1}},
		"a Secret that does not exist":           {trusting, func(s *SourceReview) { s.Keys = &Keys{Problem: "does not exist"} }, outcome{Violations: 1}},
		"keys that are listed":                   {trusting, func(*SourceReview) {}, outcome{}},
		"another policy's rules are heard still": {everyRule, func(s *SourceReview) { s.Keys, s.Insecure = nil, true }, outcome{2, "verify-identity"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			p, review := mustParse(t, test.policy), pinned()
			test.change(&review.Sources[0])
			for range 2 { // the second time, what was remembered counts
				violations, err := p.Evaluate(t.Context(), NewInput(review), Static)
				got := outcome{Violations: len(violations)}
				if failed, ok := errors.AsType[*RuleError](err); ok {
					got.Failed = failed.Rule
				} else if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s\n%v", diff, violations)
				}
			}
		})
	}
}

func TestPoliciesSayWhetherTheyNeedKeys(t *testing.T) {
	if !mustParse(t, everyRule).NeedsKeys() {
		t.Error("a policy with verify-identity does not ask for keys")
	}
	if mustParse(t, head+"  rules: [{rule: require-verify}]\n").NeedsKeys() {
		t.Error("a policy without a rule that reads them asks for keys")
	}
}

// TestPoliciesSayWhetherTheyNeedFacts: of the built-in rules that read signatures none reads what a ref names; of a custom rule
// nobody knows.
func TestPoliciesSayWhetherTheyNeedFacts(t *testing.T) {
	own := "# METADATA\n# title: t\n# custom:\n#   phase: facts\n#   needs: [signature]\npackage fluxgate.custom.own\n\nviolations contains 1 if false\n"
	for sentence, test := range map[string]struct {
		policy           string
		facts, signature bool
	}{
		"a rule of the library": {"  rules: [{rule: signature-verified}]\n", false, true},
		"one that compares":     {"  rules: [{rule: digest-matches-ref}]\n", true, false},
		"a rule of one's own":   {"  rego:\n" + regoEntry("own", own), true, true},
		"neither":               {"  rules: [{rule: canonical-url}]\n", false, false},
	} {
		p := mustParse(t, head+test.policy)
		if p.NeedsFacts() != test.facts || p.NeedsSignature() != test.signature {
			t.Errorf("%s: needs facts %t, signatures %t", sentence, p.NeedsFacts(), p.NeedsSignature())
		}
	}
}
