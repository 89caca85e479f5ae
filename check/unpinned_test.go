package check

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

func TestReferentsWhoseDigestNobodyToldAreNoViolationOfOthers(t *testing.T) {
	failure := func(class string) []gate.Failure {
		return []gate.Failure{{Policy: "p", Path: "spec.ref", Class: class, Message: "not told", Offline: class == "offline"}}
	}
	told := func(class string) []NotJudged {
		return []NotJudged{{Policy: "p", Path: "spec.chartRef", Class: class, Message: "OCIRepository x/a: not told"}}
	}
	nothing := []NotJudged{}
	placeholder := "sha256:" + strings.Repeat("0", 64)
	cases := map[string]struct {
		repository gate.Decision
		bad        error
		digest     string
		// sees is the digest that the HelmRelease sees, told what its result says of it.
		sees string
		told []NotJudged
	}{
		"offline": {
			repository: gate.Decision{Verdict: gate.Allow, Failures: failure("offline")}, sees: placeholder, told: told("offline"),
		},
		"a registry that is down": {
			repository: gate.Decision{Verdict: gate.Undecided, Failures: failure("unreachable")}, sees: placeholder, told: told("unreachable"),
		},
		"down, but the policy admits it unpinned": {
			repository: gate.Decision{Verdict: gate.Warn, Failures: failure("unreachable")}, told: nothing,
		},
		"denied": {
			repository: gate.Decision{Verdict: gate.Deny, Violations: []policy.Violation{{Policy: "p"}}}, told: nothing,
		},
		"allowed unpinned": {
			repository: gate.Decision{Verdict: gate.Allow}, told: nothing,
		},
		"a digest of its own": {
			repository: gate.Decision{Verdict: gate.Undecided, Failures: failure("unreachable")}, digest: "sha256:1", sees: "sha256:1", told: nothing,
		},
		"a bad object": {
			bad: &flux.ObjectError{Path: "spec.verify", Message: "is a number"}, told: nothing,
		},
		"a defect of the gate": {
			bad: errors.New("out of order"), sees: placeholder,
			told: []NotJudged{{Path: "spec.chartRef", Class: "internal", Message: "OCIRepository x/a: out of order"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			repository := oci("x", "a")
			if c.digest != "" {
				repository = strings.Replace(repository, "app\"", "app\", ref: {digest: \""+c.digest+"\"}", 1)
			}
			inventory := readStdin(release + "---\n" + repository)
			var sees string
			judge := Judge{Gate: fakeGate{validate: func(ctx context.Context, u *unstructured.Unstructured) (gate.Decision, error) {
				if u.GetKind() == "OCIRepository" {
					return c.repository, c.bad
				}
				sources, err := flux.Sources(ctx, u, inventory)
				if err != nil {
					return gate.Decision{}, err
				}
				sees = sources[0].Ref.Digest
				return gate.Decision{Verdict: gate.Allow}, nil
			}}}
			result := judge.Report(t.Context(), inventory).Results[0]
			if sees != c.sees {
				t.Errorf("the HelmRelease sees %q, want %q", sees, c.sees)
			}
			if diff := cmp.Diff(c.told, result.NotJudged); diff != "" {
				t.Errorf("not judged (-want +got):\n%s", diff)
			}
		})
	}
}
