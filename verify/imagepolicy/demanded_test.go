package imagepolicy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
)

func TestDemandedAuthorities(t *testing.T) {
	authorities := []webhookcip.Authority{{Name: "acme"}, {Name: "eve"}, {Name: "by-hand"}}
	for sentence, test := range map[string]struct {
		cue  string
		want []string
	}{
		"in braces":                           {"authorityMatches: {acme: signatures: [...], eve: {}}", []string{"acme", "eve"}},
		"in a line":                           {"authorityMatches: acme: signatures: [...]", []string{"acme"}},
		"in several places":                   {"authorityMatches: eve: _\nauthorityMatches: {acme: _, eve: _}", []string{"eve", "acme"}},
		"in quotes":                           {`"authorityMatches": "by-hand": _`, []string{"by-hand"}},
		"required":                            {"authorityMatches: acme!: _", []string{"acme"}},
		"optional":                            {"authorityMatches: acme?: _", nil},
		"where all are optional":              {"authorityMatches?: acme: _", nil},
		"beside a condition":                  {"authorityMatches: {acme: _, if len(authorityMatches.eve.signatures) < 2 {few: 1, few: 2}}", []string{"acme"}},
		"names of no authority":               {"authorityMatches: other: _", nil},
		"elsewhere":                           {"acme: _\na: authorityMatches: eve: _", nil},
		"a pattern, which is for those there": {"authorityMatches: [string]: signatures: [...]", nil},
		"nothing":                             {"", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := demandedBy(&webhookcip.AttestationPolicy{Type: "cue", Data: test.cue}, authorities)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("demanded (-want +got):\n%s", diff)
			}
		})
	}
	if got := demandedBy(&webhookcip.AttestationPolicy{Type: "rego", Data: "authorityMatches: acme: _"}, authorities); got != nil {
		t.Errorf("Rego says itself what it demands: %v", got)
	}
}
