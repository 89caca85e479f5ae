package policytest

import (
	"testing"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
)

// FuzzTable reads whatever stands in a file, and runs what can be run: without a panic, and each case is either run or said to
// be wrong.
func FuzzTable(f *testing.F) {
	f.Add(tableOf("", caseOf("it", "evil", "deny", evil)))
	f.Add(tableOf("now: \"2026-11-24T12:00:00Z\"\n", "- {name: a, object: {kind: x}, with: [1], facts: {resolved: {a: b}}, expect: {pins: []}}\n"))
	f.Add("apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\n")
	library, err := policy.NewLibrary()
	if err != nil {
		f.Fatal(err)
	}
	set, err := library.Parse("policy.yaml", []byte(policyOf("p", map[string]string{"named": named("evil")})))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &suite{
			library: library, options: Options{Timeout: defaultTimeout},
			loaded: map[string]loadedPolicies{"policy.yaml": {set: set}},
		}
		for d, wrong := range check.Documents("cases.yaml", []byte(text)) {
			if wrong != nil {
				continue
			}
			kind, written, err := s.ownDocument(place{file: "cases.yaml", line: d.Line}, d.Content)
			if err != nil {
				t.Fatal(err)
			}
			if kind == policy.TestKind {
				if err := s.readTable(place{file: "cases.yaml"}, written, caseLines([]byte(text))[d.Line]); err != nil {
					t.Fatal(err)
				}
			}
		}
		tests, err := s.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cases := 0
		for _, table := range s.tables {
			cases += len(table.cases)
		}
		if len(tests) > cases || len(tests) < cases && len(s.wrong) == 0 {
			t.Errorf("of %d cases %d were run, and %d things are wrong", cases, len(tests), len(s.wrong))
		}
	})
}
