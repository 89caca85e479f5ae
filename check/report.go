package check

import "github.com/fluxgate/fluxgate/gate"

// Report is what a check found.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Results are in input order.
	Results []Result `json:"results"`
	// Unreadable is the input that could not be judged because it could not be read.
	Unreadable []*InputError `json:"unreadable"`
	Summary    Summary       `json:"summary"`
}

// Summary counts the results, and what was read besides.
type Summary struct {
	Objects int `json:"objects"`
	Allow   int `json:"allow"`
	Warn    int `json:"warn"`
	Deny    int `json:"deny"`
	Error   int `json:"error"`
	// Pins are the digests that would be written.
	Pins int `json:"pins"`
	// Excepted are the violations that an exception covers; they are in no other count.
	Excepted int `json:"excepted"`
	// NotJudged objects have something that could not be judged, whatever their decision.
	NotJudged int `json:"notJudged"`
	// Offline objects have something that was not judged because the check is offline.
	Offline int `json:"offline"`
	// BadObjects are among Error.
	BadObjects int `json:"badObjects"`
	// Unmatched objects passed because no policy matches them; they are among Allow.
	Unmatched  int `json:"unmatched"`
	Unreadable int `json:"unreadable"`
	// MissingNamespaces have no Namespace object among the files, so that no policy matched them by a label.
	MissingNamespaces []string `json:"missingNamespaces"`
	InputSummary
}

func newReport(inventory *Inventory, results map[*item]Result) *Report {
	report := &Report{
		APIVersion: "fluxgate.dev/v1alpha1",
		Kind:       "CheckReport",
		Results:    make([]Result, 0, len(results)),
		Unreadable: append([]*InputError{}, inventory.Unreadable...),
		Summary: Summary{
			Unreadable:        len(inventory.Unreadable),
			MissingNamespaces: append([]string{}, inventory.missingNamespaces()...),
			InputSummary:      inventory.Summary,
		},
	}
	for _, found := range inventory.judged {
		report.Results = append(report.Results, results[found])
		report.Summary.count(results[found])
	}
	return report
}

func (s *Summary) count(result Result) {
	s.Objects++
	switch result.Decision {
	case gate.Allow.String():
		s.Allow++
	case gate.Warn.String():
		s.Warn++
	case gate.Deny.String():
		s.Deny++
	default:
		s.Error++
	}
	for _, pin := range result.Pins {
		if !pin.Dry {
			s.Pins++
		}
	}
	for _, violation := range result.Violations {
		countIf(&s.Excepted, violation.Exception != nil)
	}
	countIf(&s.NotJudged, len(result.NotJudged) > 0)
	countIf(&s.Offline, result.offline())
	countIf(&s.BadObjects, result.has(ClassBadObject))
	countIf(&s.Unmatched, result.Skipped != "")
}

func countIf(counter *int, condition bool) {
	if condition {
		*counter++
	}
}

// Outcome is what a report comes to.
type Outcome int

// The outcomes. BadInput comes before Denied, because the report is then not about all that was given; Denied before
// Undecided, so that a registry that is down cannot hide a denial.
const (
	Clean Outcome = iota
	Undecided
	Denied
	BadInput
)

// Outcome folds the report into one answer.
func (r *Report) Outcome() Outcome {
	s := r.Summary
	switch {
	case s.Unreadable > 0 || s.BadObjects > 0:
		return BadInput
	case s.Deny > 0:
		return Denied
	case s.Error > 0:
		return Undecided
	}
	return Clean
}
