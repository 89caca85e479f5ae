package policytest

import "github.com/fluxgate/fluxgate/check"

// Kind says what a test is.
type Kind string

// The kinds of tests.
const (
	Rego Kind = "rego" // a rule test_… in a file of Rego
	Case Kind = "case" // a case of a PolicyTest
)

// Result says what came of a test.
type Result string

// The results.
const (
	Pass Result = "pass"
	Fail Result = "fail"
	Skip Result = "skip" // a rule todo_test_… in a file of Rego
)

// Test is one test that was run.
type Test struct {
	Name string `json:"name"`
	File string `json:"file"`
	Line int    `json:"line"`
	Kind Kind   `json:"kind"`
	// Against names the module of the rule where there are several of its name; else it is empty.
	Against string  `json:"against,omitempty"`
	Result  Result  `json:"result"`
	Seconds float64 `json:"seconds"`
	// Failures say what is wrong, a line each.
	Failures []string `json:"failures,omitempty"`
	// NotJudged is what could not be judged in a case, whatever it expected: no fact is listed for it, or a rule failed.
	NotJudged []string `json:"notJudged,omitempty"`
}

// Report is what came of the tests.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Tests are in the order of the paths, then of the lines; Rego tests come first.
	Tests []Test `json:"tests"`
	// Unreadable is what is wrong with the files of tests and policies, so that some tests were not run.
	Unreadable []*check.InputError `json:"unreadable"`
	// Coverage is nil where nobody asked for it.
	Coverage *Coverage `json:"coverage,omitempty"`
	Summary  Summary   `json:"summary"`
}

// Summary counts the tests.
type Summary struct {
	Tests      int     `json:"tests"`
	Passed     int     `json:"passed"`
	Failed     int     `json:"failed"`
	Skipped    int     `json:"skipped"`
	Unreadable int     `json:"unreadable"`
	Seconds    float64 `json:"seconds"`
}

func newReport(tests []Test, wrong []*check.InputError) *Report {
	report := &Report{
		APIVersion: "fluxgate.dev/v1alpha1",
		Kind:       "TestReport",
		Tests:      append([]Test{}, tests...),
		Unreadable: append([]*check.InputError{}, wrong...),
	}
	s := &report.Summary
	s.Tests, s.Unreadable = len(tests), len(wrong)
	for _, test := range tests {
		s.Seconds += test.Seconds
		switch test.Result {
		case Pass:
			s.Passed++
		case Skip:
			s.Skipped++
		default:
			s.Failed++
		}
	}
	return report
}

// Outcome is what a report comes to.
type Outcome int

// The outcomes. BadInput comes before Failed, because the report is then not about all tests.
const (
	Passed Outcome = iota
	Failed
	BadInput
)

// Outcome folds the report into one answer. Too little coverage is a failure.
func (r *Report) Outcome() Outcome {
	switch {
	case r.Summary.Unreadable > 0:
		return BadInput
	case r.Summary.Failed > 0 || !r.Coverage.Enough():
		return Failed
	}
	return Passed
}
