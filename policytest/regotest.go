package policytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
)

// runRego runs the tests of a file.
func (s *suite) runRego(ctx context.Context, file *module) ([]Test, error) {
	groups, missing := s.groups(file)
	if missing != nil {
		s.refuse(&check.InputError{File: file.at, Line: missing.Location.Row, Message: explainMissing(missing)})
		return nil, nil
	}
	var all []Test
	for _, g := range groups {
		found, err := s.runGroup(ctx, g)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

func (s *suite) runGroup(ctx context.Context, g group) ([]Test, error) {
	selected := s.testsOf(g.test)
	if len(selected) == 0 {
		return nil, nil
	}
	modules := map[string]*ast.Module{}
	for _, m := range g.modules {
		modules[m.at] = m.parsed.Copy()
	}
	compiler, functions, err := policy.Confine(modules)
	if err != nil {
		s.refuse(regoErrors(g.test.at, err)...)
		return nil, nil
	}
	var bounded []*tester.Builtin
	for _, function := range functions {
		bounded = append(bounded, &tester.Builtin{Func: function})
	}
	trace := &failures{file: g.test.at}
	if s.options.Coverage {
		trace.coverage = s.coverage
	}
	results, err := tester.NewRunner().
		SetCompiler(compiler).AddCustomBuiltins(bounded).SetModules(modules).
		SetPrefixMatchers(slices.Collect(maps.Values(selected))...).
		SetCoverageQueryTracer(trace).
		RaiseBuiltinErrors(true).CapturePrintOutput(false).
		SetTimeout(s.options.Timeout).SetParallel(1).
		RunTests(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.test.at, err)
	}
	var all []Test
	for result := range results {
		if result.Location.File == g.test.at {
			all = append(all, s.newRegoTest(g, trace, result))
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return all, nil
}

// testsOf gives the tests of a file that are selected, by their names.
func (s *suite) testsOf(m *module) map[string]ast.Ref {
	selected := map[string]ast.Ref{}
	for _, rule := range m.parsed.Rules {
		ref := rule.Head.Ref().GroundPrefix()
		for i, term := range ref {
			name := strings.Trim(term.Value.String(), `"`)
			if isTest := strings.HasPrefix(name, tester.TestPrefix) || strings.HasPrefix(name, tester.SkipTestPrefix); !isTest {
				continue
			}
			if s.selected(ref[:i+1].String()) {
				selected[ref[:i+1].String()] = m.parsed.Package.Path.Extend(ref[:i+1])
			}
			break
		}
	}
	return selected
}

func (s *suite) newRegoTest(g group, trace *failures, result *tester.Result) Test {
	test := Test{
		Name: result.Name, File: g.test.at, Line: result.Location.Row, Kind: Rego, Against: g.against,
		Result: Pass, Seconds: result.Duration.Seconds(),
	}
	switch {
	case result.Skip:
		test.Result = Skip
	case !result.Pass():
		test.Result, test.Failures = Fail, s.why(g, trace, result)
	}
	return test
}

// why says what is wrong with a test that failed.
func (s *suite) why(g group, trace *failures, result *tester.Result) []string {
	var failed *topdown.Error
	switch {
	case topdown.IsCancel(result.Error):
		return []string{fmt.Sprintf("it ran longer than %s", s.options.Timeout)}
	case errors.As(result.Error, &failed) && failed.Location != nil:
		return []string{fmt.Sprintf("%s:%d: %s", failed.Location.File, failed.Location.Row, plainMessage(failed.Message))}
	case result.Error != nil:
		return []string{result.Error.Error()}
	}
	var reasons []string
	for name, sub := range result.SubResults.Iter {
		if sub.Fail && len(sub.SubResults) == 0 {
			reasons = append(reasons, fmt.Sprintf("the case %q is false or undefined", strings.Join(name, "/")))
		}
	}
	if row := trace.last(g.test.parsed, result.Location.Row); row > 0 && len(reasons) == 0 {
		line := strings.Split(g.test.text, "\n")[row-1]
		reasons = append(reasons, fmt.Sprintf("%s:%d: this is false or undefined: %s", g.test.at, row, strings.TrimSpace(line)))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, "its value is not true")
	}
	return reasons
}

// plainMessage takes the name of a bounded function, and what it repeats of the error, off a message: tests call others.
func plainMessage(message string) string {
	if _, rest, found := strings.Cut(message, topdown.BuiltinErr+": "); found {
		return rest
	}
	if rest, bounded := strings.CutPrefix(message, "fluxgate.bounded."); bounded {
		_, message, _ = strings.Cut(rest, ": ")
	}
	return message
}
