package policytest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
)

const defaultTimeout = 10 * time.Second

// Options say what to run.
type Options struct {
	// Paths are files and directories, which are read with all below them.
	Paths []string
	// Run selects tests by their names; nil selects all.
	Run *regexp.Regexp
	// Timeout bounds each test; zero means 10 s.
	Timeout time.Duration
	// Coverage asks which lines of custom rules the tests reach.
	Coverage bool
	// Threshold is the least part of these lines, in percent, that must be reached. It is for Coverage only.
	Threshold float64
	// Sigstore reads what only its libraries can read of policies; nil means that nobody does.
	Sigstore policy.Sigstore
}

// ErrNoTest is the error of Run where no test was found and nothing else is wrong.
var ErrNoTest = errors.New("no test is found: a test is a rule test_… in a file *_test.rego, or a case in a document of the kind PolicyTest")

// Run runs the tests below the paths. What is wrong with what they consist of is in the report; the error is ErrNoTest, that
// of the context, or ours.
func Run(ctx context.Context, opts Options) (*Report, error) {
	library, err := policy.NewLibrary()
	if err != nil {
		return nil, err
	}
	library.Sigstore = opts.Sigstore
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	coverage := cover.New()
	if opts.Coverage {
		library = library.Traced(coverage)
	}
	s := &suite{library: library, options: opts, coverage: coverage, loaded: map[string]loadedPolicies{}}
	if err := s.readPaths(opts.Paths); err != nil {
		return nil, err
	}
	tests, err := s.run(ctx)
	if err != nil {
		return nil, err
	}
	if len(tests) == 0 && len(s.wrong) == 0 {
		if opts.Run != nil {
			return nil, fmt.Errorf("%w; none of those that there are matches %s", ErrNoTest, opts.Run)
		}
		return nil, ErrNoTest
	}
	report := newReport(tests, s.wrong)
	if opts.Coverage {
		report.Coverage = s.measure(opts.Threshold)
	}
	return report, nil
}

// suite is what was found below the paths.
type suite struct {
	library  *policy.Library
	options  Options
	coverage *cover.Cover

	// rules are the custom rules: modules of policies, and files. helpers are the other modules that are no tests.
	rules, helpers []*module
	// tests are the files of Rego tests, tables the documents of cases.
	tests  []*module
	tables []*table
	// loaded are the policies of the tables, by their paths.
	loaded map[string]loadedPolicies

	wrong []*check.InputError
}

// run runs every test, one after the other: each has the machine for itself, as its limits of time and memory ask for.
func (s *suite) run(ctx context.Context) ([]Test, error) {
	var all []Test
	for _, file := range s.tests {
		found, err := s.runRego(ctx, file)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	for _, t := range s.tables {
		found, err := s.runTable(ctx, t)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// selected reports whether a test is to be run.
func (s *suite) selected(name string) bool {
	return s.options.Run == nil || s.options.Run.MatchString(name)
}

// refuse notes what is wrong with the input.
func (s *suite) refuse(wrong ...*check.InputError) {
	for _, w := range wrong {
		known := slices.ContainsFunc(s.wrong, func(other *check.InputError) bool { return *other == *w })
		if !known {
			s.wrong = append(s.wrong, w)
		}
	}
}
