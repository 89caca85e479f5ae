package policy

import "github.com/open-policy-agent/opa/v1/ast"

// Module is the module of a custom rule, as it is written.
type Module struct {
	// Rule is the name of the rule.
	Rule string
	// At says where the module stands: "policy.yaml (document 2): spec.rego[0].module".
	At   string
	Text string
}

// Modules gives the modules of the policy's custom rules, in its order; none where the policy is broken.
func (p *Policy) Modules() []Module {
	var modules []Module
	for _, r := range p.rules {
		if r.source != nil {
			modules = append(modules, *r.source)
		}
	}
	return modules
}

// parse reads the module. Its locations name At as their file.
func (m *Module) parse() (*ast.Module, error) {
	return ast.ParseModuleWithOpts(m.At, m.Text, ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
}
