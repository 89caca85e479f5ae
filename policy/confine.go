package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Traced gives the library with one that hears of every evaluation of the custom rules in policies which it loads: for
// tests of policies.
func (l *Library) Traced(by topdown.QueryTracer) *Library {
	traced := *l
	traced.trace = by
	return &traced
}

// Confine prepares custom rules and their tests, which are to be compiled together under OPA's test runner: what they may
// call and how strictly they are read is as in production. It makes the modules call the bounded functions, which a query
// knows by the options that are returned beside the compiler. The error is an ast.Errors, in the words of what is written.
func Confine(modules map[string]*ast.Module) (*ast.Compiler, []func(*rego.Rego), error) {
	written := make(map[string]*ast.Module, len(modules))
	for name, module := range modules {
		written[name] = module.Copy()
	}
	check := newCompiler(customCapabilities())
	if check.Compile(written); check.Failed() {
		return nil, nil, check.Errors
	}
	for _, module := range modules {
		bind(module)
	}
	confined := boundedCapabilities()
	confined.Builtins = append(confined.Builtins, ast.InternalTestCase) // the runner puts it into tests
	return newCompiler(confined), boundedFunctions(), nil
}
