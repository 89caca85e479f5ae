package policytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCoverage(t *testing.T) {
	const rule = "package fluxgate.custom.named\n\n" + // lines 3 to 9 are the rule's
		"violations contains {\"path\": \"metadata.name\", \"message\": \"m\", \"remediation\": \"r\"} if {\n" +
		"\tinput.object.name == \"evil\"\n\tnot input.raw.metadata.labels.tame\n}\n\n" +
		"violations contains {\"path\": \"spec\", \"message\": \"m\", \"remediation\": \"r\"} if {\n\tinput.operation == \"DELETE\"\n}\n"
	policy := policyOf("p", map[string]string{"named": rule})
	const regoTest = testHead + "test_it if named.violations == set() with input as input_of({\"team\": \"tame\", \"tame\": \"yes\"})\n\ninput_of(labels) := {\"object\": {\"name\": \"evil\"}, \"raw\": {\"metadata\": {\"labels\": labels}}}\n"
	all := func(at string, notReached ...string) Coverage {
		c := Coverage{Lines: 5, Reached: 5, Percent: 100, Modules: []ModuleCoverage{{Module: at, Lines: 5, Reached: 5, NotReached: []string{}}}}
		if len(notReached) > 0 {
			c.Modules[0].NotReached = notReached
		}
		return c
	}
	part := func(c Coverage, reached int) Coverage {
		c.Reached, c.Modules[0].Reached, c.Percent = reached, reached, 20*float64(reached)
		return c
	}
	const at = "policy.yaml: spec.rego[0].module"
	for name, c := range map[string]struct {
		files files
		want  Coverage
	}{
		"a Rego test reaches some lines": {
			files{"policy.yaml": policy, "named_test.rego": regoTest}, part(all("policy.yaml:1: spec.rego[0].module", "3", "8-9"), 2),
		},
		"a case reaches others": {
			files{"policy.yaml": policy, "cases.yaml": tableOf("", caseOf("it", "evil", "deny", evil))}, part(all(at, "8-9"), 3),
		},
		"both together, of one rule in two places": {
			files{"policy.yaml": policy, "cases.yaml": tableOf("", caseOf("it", "evil", "deny", evil)), "named.rego": rule, "named_test.rego": regoTest},
			part(all(at, "8-9"), 3),
		},
		"there is no custom rule": {
			files{"policy.yaml": pinning, "cases.yaml": tableOf("", caseOf("it", "good", "allow", ""))}, Coverage{Percent: 100, Modules: []ModuleCoverage{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, c.files, Options{Coverage: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, report.Coverage); diff != "" {
				t.Errorf("coverage (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTooLittleCoverageIsAFailure(t *testing.T) {
	report := &Report{Coverage: &Coverage{Percent: 89.9, Threshold: 90}}
	if got := report.Outcome(); got != Failed {
		t.Errorf("outcome is %d, want that of a failure", got)
	}
	report.Coverage.Percent = 90
	if got := report.Outcome(); got != Passed {
		t.Errorf("outcome is %d, want that of success", got)
	}
}

func TestRanges(t *testing.T) {
	want := []string{"1", "3-5", "9"}
	if diff := cmp.Diff(want, ranges([]int{1, 3, 4, 5, 9})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
