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
	cases := map[string]struct {
		repository gate.Decision
		bad        error
		digest     string
		// pending is what the HelmRelease's judge is told of the repository, told what the HelmRelease's result says of it.
		pending bool
		told    []NotJudged
	}{
		"offline": {
			repository: gate.Decision{Verdict: gate.Allow, Failures: failure("offline")}, pending: true, told: told("offline"),
		},
		"a registry that is down": {
			repository: gate.Decision{Verdict: gate.Undecided, Failures: failure("unreachable")}, pending: true, told: told("unreachable"),
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
			repository: gate.Decision{Verdict: gate.Undecided, Failures: failure("unreachable")}, digest: "sha256:1", told: nothing,
		},
		"a bad object": {
			bad: &flux.ObjectError{Path: "spec.verify", Message: "is a number"}, told: nothing,
		},
		"a defect of the gate": {
			bad: errors.New("out of order"), pending: true,
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
			var pending bool
			judge := Judge{Gate: fakeGate{validate: func(ctx context.Context, u *unstructured.Unstructured) (gate.Decision, error) {
				if u.GetKind() == "OCIRepository" {
					return c.repository, c.bad
				}
				sources, err := flux.Sources(ctx, u, inventory)
				if err != nil {
					return gate.Decision{}, err
				}
				pending = inventory.Pending(*sources[0].Origin)
				return gate.Decision{Verdict: gate.Allow}, nil
			}}}
			result := judge.Report(t.Context(), inventory).Results[0]
			if pending != c.pending {
				t.Errorf("the repository's digest is pending: %t, want %t", pending, c.pending)
			}
			if diff := cmp.Diff(c.told, result.NotJudged); diff != "" {
				t.Errorf("not judged (-want +got):\n%s", diff)
			}
		})
	}
}
