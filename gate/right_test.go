package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rights are what a user may bypass, by policy: true, false or an error. What is not in it must not be asked for.
type rights struct {
	t     *testing.T
	held  map[string]any
	asked []string
}

func (r *rights) ask(_ context.Context, policy string) (bool, error) {
	r.asked = append(r.asked, policy)
	switch held := r.held[policy].(type) {
	case bool:
		return held, nil
	case error:
		return false, held
	default:
		r.t.Errorf("it was asked whether the user may bypass %s, which this test does not expect", policy)
		return true, nil
	}
}

// passed is an outcome with what was asked of the user's rights, and what he bypassed.
type passed struct {
	outcome
	Rights, Bypassed []string
}

func TestWhoHoldsTheRightBypassesAPolicy(t *testing.T) {
	insecure := repository(byUser + "\n  insecure: true")
	asked := []string{"ghcr.io/acme/app:v1"}
	secure := "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: secure}\nspec:\n  rules: [{rule: forbid-insecure}]\n"
	tests := map[string]struct {
		policies string
		answers  map[string]any
		labels   map[string]any
		held     map[string]any
		was, is  string
		want     passed
	}{
		"two violations of one policy are one question": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestB}, held: map[string]any{"strict": true}, is: insecure,
			want: passed{outcome{Verdict: "warn", Asked: asked, Violations: []string{
				"strict/digest-matches-ref=Warn at spec.ref.digest", "strict/forbid-insecure=Warn at spec.insecure"}},
				[]string{"strict"}, []string{"strict"}},
		},
		"a user without the right is denied": {
			policies: strict, held: map[string]any{"strict": false}, is: insecure,
			want: passed{outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure"}},
				[]string{"strict"}, nil},
		},
		"a right that could not be told is none": {
			policies: strict, held: map[string]any{"strict": errors.New("the API server is away")}, is: insecure,
			want: passed{outcome{Verdict: "deny", Violations: []string{"strict/forbid-insecure=Deny at spec.insecure"},
				Failures: []string{"strict/access=Audit at metadata"}}, []string{"strict"}, nil},
		},
		"the right to one policy is none to another": {
			policies: strict + "---\n" + secure, held: map[string]any{"strict": true, "secure": false}, is: insecure,
			want: passed{outcome{Verdict: "deny", Violations: []string{
				"secure/forbid-insecure=Deny at spec.insecure", "strict/forbid-insecure=Warn at spec.insecure"}},
				[]string{"secure", "strict"}, []string{"strict"}},
		},
		"what could not be judged is bypassed too": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": failing()}, held: map[string]any{"strict": true}, is: repository(byUser),
			want: passed{outcome{Verdict: "warn", Asked: asked, Failures: []string{"strict/unreachable=Warn at spec.ref"}},
				[]string{"strict"}, []string{"strict"}},
		},
		"what could not be judged stays undecided without the right": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": failing()}, held: map[string]any{"strict": false}, is: repository(byUser),
			want: passed{outcome{Verdict: "error", Asked: asked, Failures: []string{"strict/unreachable=Deny at spec.ref"}},
				[]string{"strict"}, nil},
		},
		"no right helps where it is unknown which policies match": {
			policies: strict, labels: map[string]any{"prod": errors.New("the API server is away")}, is: insecure,
			want: passed{outcome{Verdict: "error", Failures: []string{"/namespace=Deny at metadata.namespace"}}, nil, nil},
		},
		"nobody is asked about what is allowed": {
			policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestA}, is: repository(byUser),
			want: passed{outcome{Verdict: "allow", Asked: asked}, nil, nil},
		},
		"nobody is asked about what is only warned about": {
			policies: secure + "  action: Warn\n", is: insecure,
			want: passed{outcome{Verdict: "warn", Violations: []string{"secure/forbid-insecure=Warn at spec.insecure"}}, nil, nil},
		},
		"nobody is asked about what was there before": {
			policies: secure, was: insecure, is: strings.Replace(insecure, "interval: 10m", "interval: 5m", 1),
			want: passed{outcome{Verdict: "warn", Violations: []string{"secure/forbid-insecure=Warn at spec.insecure"}}, nil, nil},
		},
		"nobody is asked about what an exception covers": {
			policies: accepting + legacy("prod", tomorrow, "app"), is: repository("  url: oci://ghcr.io/acme/app\n  ref: {digest: \"" + digestA + "\"}"),
			want: passed{outcome{Verdict: "allow", Violations: []string{"accepting/require-verify=Skip at spec.verify"}}, nil, nil},
		},
		"nobody is asked before the date of a policy": {
			policies: secure + "  enforceFrom: 2026-11-25T00:00:00Z\n", is: insecure,
			want: passed{outcome{Verdict: "warn", Violations: []string{"secure/forbid-insecure=Warn at spec.insecure"}}, nil, nil},
		},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := &world{t: t, policies: test.policies, answers: test.answers, labels: test.labels, now: noon}
			user := &rights{t: t, held: test.held}
			req := request(t, test.was, test.is)
			req.Bypass = user.ask
			got, err := w.gate().Validate(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, passed{outcomeOf(got, w), user.asked, got.Bypassed}, cmp.AllowUnexported(passed{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s\n%+v", diff, got)
			}
			for _, v := range got.Violations {
				if v.Bypassed != strings.HasSuffix(v.Message, "(bypassed: you hold the verb bypass on this SourcePolicy)") {
					t.Errorf("%s is marked as bypassed: %t", v, v.Bypassed)
				}
			}
		})
	}
}

func TestWhatIsBypassedIsPinned(t *testing.T) {
	insecure := tagged + "\n  insecure: true"
	w := &world{t: t, policies: strict, answers: map[string]any{"ghcr.io/acme/app:v1": digestA}}
	user := &rights{t: t, held: map[string]any{"strict": true}}
	req := request(t, "", repository(insecure))
	req.Bypass = user.ask
	stored := mustMutate(t, w.gate(), req)
	if diff := cmp.Diff(object(t, annotated(record, byUser+"\n  insecure: true")).Object, stored.Object); diff != "" {
		t.Errorf("stored object (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"strict"}, user.asked); diff != "" {
		t.Errorf("rights that were asked for (-want +got):\n%s", diff)
	}
}
