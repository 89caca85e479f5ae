package policytest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
)

// Coverage says which lines of the custom rules were reached, by Rego tests and by cases.
type Coverage struct {
	Lines   int     `json:"lines"`
	Reached int     `json:"reached"`
	Percent float64 `json:"percent"`
	// Threshold is what was asked for, in percent; 0 where nothing was.
	Threshold float64          `json:"threshold,omitempty"`
	Modules   []ModuleCoverage `json:"modules"`
}

// ModuleCoverage is the coverage of one custom rule.
type ModuleCoverage struct {
	// Module is the file, or where it stands in a policy.
	Module  string `json:"module"`
	Lines   int    `json:"lines"`
	Reached int    `json:"reached"`
	// NotReached are lines of the module, as in "7" or "9-12".
	NotReached []string `json:"notReached"`
}

// Enough reports whether the threshold is reached.
func (c *Coverage) Enough() bool { return c == nil || c.Percent >= c.Threshold }

// measure sums up what the tests reached.
func (s *suite) measure(threshold float64) *Coverage {
	c := &Coverage{Threshold: threshold, Percent: 100, Modules: []ModuleCoverage{}}
	for _, m := range s.rules {
		of := s.coverageOf(m)
		c.Lines, c.Reached = c.Lines+of.Lines, c.Reached+of.Reached
		c.Modules = append(c.Modules, of)
	}
	slices.SortFunc(c.Modules, func(a, b ModuleCoverage) int { return cmp.Compare(a.Module, b.Module) })
	if c.Lines > 0 {
		c.Percent = 100 * float64(c.Reached) / float64(c.Lines)
	}
	return c
}

// coverageOf looks at every place where the module stands: a line is reached where it was in one of them.
func (s *suite) coverageOf(m *module) ModuleCoverage {
	lines, reached := map[int]bool{}, map[int]bool{}
	for _, at := range append([]string{m.at}, m.also...) {
		same, err := parse(at, m.text)
		if err != nil {
			continue // it was parsed before
		}
		report := s.coverage.Report(map[string]*ast.Module{at: same.parsed}).Files[at]
		missed := map[int]bool{}
		rows(report.NotCovered, missed)
		rows(report.NotCovered, lines)
		rows(report.Covered, lines)
		for row := range lines {
			reached[row] = reached[row] || !missed[row]
		}
	}
	of := ModuleCoverage{Module: m.at, Lines: len(lines), NotReached: []string{}}
	var missed []int
	for _, row := range slices.Sorted(maps.Keys(lines)) {
		if reached[row] {
			of.Reached++
		} else {
			missed = append(missed, row)
		}
	}
	of.NotReached = append(of.NotReached, ranges(missed)...)
	return of
}

func rows(of []cover.Range, into map[int]bool) {
	for _, r := range of {
		for row := r.Start.Row; row <= r.End.Row; row++ {
			into[row] = true
		}
	}
}

// ranges writes lines that follow each other as one: 7, 9-12.
func ranges(lines []int) []string {
	var all []string
	for i := 0; i < len(lines); {
		end := i
		for end+1 < len(lines) && lines[end+1] == lines[end]+1 {
			end++
		}
		text := fmt.Sprint(lines[i])
		if end > i {
			text = fmt.Sprintf("%d-%d", lines[i], lines[end])
		}
		all = append(all, text)
		i = end + 1
	}
	return all
}
