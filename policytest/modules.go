package policytest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/fluxgate/fluxgate/check"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// customPackage is where custom rules are.
const customPackage = "data.fluxgate.custom."

// module is a Rego module.
type module struct {
	// at is the file, or where it stands in a policy; it is the file of the module's locations.
	at, text string
	parsed   *ast.Module
	// also are other places of the same text.
	also []string
}

func (m *module) path() string { return m.parsed.Package.Path.String() }

// isRule reports whether the module is in the package of a custom rule.
func (m *module) isRule() bool { return strings.HasPrefix(m.path(), customPackage) }

func parse(at, text string) (*module, error) {
	parsed, err := ast.ParseModuleWithOpts(at, text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
	if err != nil {
		return nil, err
	}
	return &module{at: at, text: text, parsed: parsed}, nil
}

// readRego takes a file of Rego: tests, a custom rule, or what tests share. A custom rule must be what a policy would take.
func (s *suite) readRego(file string, text []byte) error {
	if len(text) > maxRego {
		s.refuse(&check.InputError{File: file, Message: fmt.Sprintf("is larger than %d bytes; split it", maxRego)})
		return nil
	}
	m, err := parse(file, string(text))
	switch {
	case err != nil:
		s.refuse(regoErrors(file, err)...)
	case strings.HasSuffix(file, "_test.rego"):
		s.tests = append(s.tests, m)
	case !m.isRule():
		s.helpers = append(s.helpers, m)
	default:
		return s.readRule(m)
	}
	return nil
}

// readRule compiles a file as an entry of spec.rego. It has no parameters there, so those that are missing are not.
func (s *suite) readRule(m *module) error {
	written := &v1alpha1.SourcePolicy{}
	written.Name = "file"
	name := strings.ReplaceAll(strings.TrimPrefix(m.path(), customPackage), "_", "-")
	written.Spec.Rego = []v1alpha1.CustomRule{{Name: name, Module: m.text}}
	_, err := s.library.Compile(written)
	wrong, ok := errors.AsType[*policy.LoadError](err)
	if err != nil && !ok {
		return err
	}
	if ok {
		for _, problem := range wrong.Problems {
			if !strings.HasPrefix(problem.Path, "spec.rego[0].params") {
				s.refuse(&check.InputError{File: m.at, Message: problem.Message})
				m = nil
			}
		}
	}
	if m != nil {
		s.rules = append(s.rules, m)
	}
	return nil
}

// addModules takes the custom rules of policies. They were parsed before, so they can be parsed.
func (s *suite) addModules(set *policy.Set) {
	for _, p := range set.Policies() {
		for _, written := range p.Modules() {
			if m, err := parse(written.At, written.Text); err == nil {
				s.rules = append(s.rules, m)
			}
		}
	}
}

// mergeRules makes one of the rules that are the same to the letter: a rule that stands in a file and in a policy, and in the
// policies of several stages, is tested once.
func (s *suite) mergeRules() {
	known := map[string]*module{}
	var merged []*module
	for _, m := range s.rules {
		first := known[m.text]
		switch {
		case first == nil:
			known[m.text] = m
			merged = append(merged, m)
		case m.at != first.at:
			first.also = append(first.also, m.at)
		}
	}
	s.rules = merged
}

// regoErrors gives the errors of the parser or the compiler, each with its line.
func regoErrors(file string, err error) []*check.InputError {
	var all ast.Errors
	if !errors.As(err, &all) {
		return []*check.InputError{{File: file, Message: err.Error()}}
	}
	wrong := make([]*check.InputError, 0, len(all))
	for _, e := range all {
		message := e.Code + ": " + e.Message
		if e.Code == ast.TypeErr && e.Details != nil {
			message += "; " + strings.Join(strings.Fields(strings.Join(e.Details.Lines(), " ")), " ")
		}
		w := &check.InputError{File: file, Message: message}
		if e.Location != nil && e.Location.File != "" {
			w.File, w.Line = e.Location.File, e.Location.Row
		}
		wrong = append(wrong, w)
	}
	return wrong
}
