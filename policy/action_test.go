package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatUsersReadOfAViolation(t *testing.T) {
	denied := Violation{Policy: "prod", Rule: "require-verify", Action: Deny, Path: "spec.verify", Message: "is absent", Remediation: "add it"}
	excepted := denied
	excepted.Action = Skip
	excepted.Exception = &Exception{
		Namespace: "apps", Name: "legacy", Reason: "TICKET-1",
		Until: time.Date(2026, 12, 31, 1, 0, 0, 0, time.FixedZone("CET", 3600)),
	}
	for name, test := range map[string]struct {
		of   Violation
		want [2]string // String and Skipped
	}{
		"one that no exception covers": {denied, [2]string{
			"[prod/require-verify] spec.verify: is absent; add it", "[prod/require-verify] spec.verify: is absent; add it"}},
		"one that an exception covers": {excepted, [2]string{
			"[prod/require-verify] spec.verify: is absent; add it",
			"[prod/require-verify] spec.verify: skipped by exception apps/legacy until 2026-12-31T00:00:00Z: TICKET-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, [2]string{test.of.String(), test.of.Skipped()}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
