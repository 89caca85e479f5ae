package policy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

const (
	// customPackage is followed by the rule's name in snake_case.
	customPackage = "data.fluxgate.custom."
	// maxModule is the longest module, in bytes; the CRD has the same limit.
	maxModule = 64 << 10
	// maxModuleErrors is how many errors of one module are shown.
	maxModuleErrors = 10
)

// customName is what a custom rule can be called: its package is made of it.
var customName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// gateRules are the names of what the gate judges itself.
func gateRules() []string { return []string{"pin", "stale-pin", "missing-source", "signatures"} }

// compileCustom compiles the policy's own rules, each alone, and returns their parameters by rule. Its error is that of ctx.
func (l *Library) compileCustom(
	ctx context.Context, p *Policy, spec v1alpha1.SourcePolicySpec, found *problems,
) (map[string]map[string]any, error) {
	params := map[string]map[string]any{}
	for i, entry := range spec.Rego {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := fmt.Sprintf("spec.rego[%d]", i)
		switch {
		case entry.Name == "":
			found.add(at+".name", "is required")
			continue
		case !customName.MatchString(entry.Name):
			found.add(at+".name", "%q is no name of a rule: write lower-case letters, digits and hyphens, at most 63", entry.Name)
			continue
		case l.rules[entry.Name] != nil || slices.Contains(gateRules(), entry.Name):
			found.add(at+".name", "%s is a rule of Fluxgate's: choose another name", entry.Name)
			continue
		case params[entry.Name] != nil:
			found.add(at+".name", "%s stands twice in this policy: rename one", entry.Name)
			continue
		}
		action := p.action
		if entry.Action != "" {
			action = Action(oneOfNames(found, at+".action", string(entry.Action), actions()))
		}
		params[entry.Name] = map[string]any{}
		r := l.compileModule(entry.Name, entry.Module, at+".module", found)
		if r == nil {
			continue
		}
		checked, err := checkParams(r, at+".params", entry.Params, found)
		if err != nil {
			found.add(at+".module", "%v", err)
			continue
		}
		params[entry.Name] = checked
		p.rules = append(p.rules, &policyRule{rule: r, action: action, custom: true})
	}
	return params, nil
}

// compileModule compiles a module alone, in a library of its own, so that it can neither call nor extend anything else. It
// returns nil where it noted a problem.
func (l *Library) compileModule(name, text, at string, found *problems) *rule {
	switch {
	case len(text) > maxModule:
		found.add(at, "has more than %d bytes: shorten it, or split it into several rules", maxModule)
		return nil
	case strings.TrimSpace(text) == "":
		found.add(at, "is required: write a Rego module of the package %s", packageOf(name))
		return nil
	}
	source := &Module{Rule: name, At: Problem{File: found.file, Document: found.document, Path: at}.place(), Text: text}
	module, err := source.parse()
	if err != nil {
		addRegoErrors(found, at, err)
		return nil
	}
	r, err := newCustomRule(name, module)
	if err != nil {
		found.add(at, "%v", err)
		return nil
	}
	// Compiled as it is written first, for errors in the words of its author.
	if check := newCompiler(customCapabilities()); !compiles(check, module.Copy(), found, at) {
		return nil
	}
	if foreign := foreignData(module); foreign != nil {
		found.add(at, "%d:%d: %s is not there: a module is alone, and knows nothing but input",
			foreign.Location.Row, foreign.Location.Col, foreign)
		return nil
	}
	bind(module)
	r.source = source
	lib := &Library{
		rules: map[string]*rule{}, compiler: newCompiler(boundedCapabilities()), store: emptyStore(), custom: true, trace: l.trace,
	}
	if !compiles(lib.compiler, module, found, at) {
		return nil
	}
	if err := lib.add(r); err != nil {
		found.add(at, "%v", err)
		return nil
	}
	return r
}

func compiles(compiler *ast.Compiler, module *ast.Module, found *problems, at string) bool {
	compiler.Compile(map[string]*ast.Module{"module": module})
	if compiler.Failed() {
		addRegoErrors(found, at, compiler.Errors)
		return false
	}
	return true
}

// newCustomRule reads what a module says about itself. All of its METADATA is optional.
func newCustomRule(name string, module *ast.Module) (*rule, error) {
	path := module.Package.Path.String()
	if want, got := packageOf(name), strings.TrimPrefix(path, "data."); got != want {
		return nil, fmt.Errorf("the package must be %s, is %s", want, got)
	}
	r := &rule{path: path, Rule: Rule{Name: name, Title: "a rule of the administrator's own"}}
	if !r.inspect(module) || !slices.ContainsFunc(module.Rules, isViolations) {
		return nil, errors.New(`it defines no violations: write "violations contains violation if { … }"`)
	}
	for _, a := range module.Annotations {
		if a.Scope == "package" {
			return r, r.describeLoosely(a)
		}
	}
	return r, nil
}

// packageOf is the package that the module of a rule must have.
func packageOf(name string) string {
	return strings.TrimPrefix(customPackage, "data.") + strings.ReplaceAll(name, "-", "_")
}

// foreignData returns a place of the module where it reads a document other than its own.
func foreignData(module *ast.Module) *ast.Term {
	var found *ast.Term
	own := module.Package.Path
	ast.WalkTerms(module, func(t *ast.Term) bool {
		ref, isRef := t.Value.(ast.Ref)
		if isRef && t.Location != nil && ref.HasPrefix(ast.DefaultRootRef) && !ref.HasPrefix(own) {
			found = t
		}
		return found != nil
	})
	return found
}

// isViolations recognises the rule whose value is a set whatever it finds, and so never undefined.
func isViolations(r *ast.Rule) bool {
	return r.Head.Ref().String() == "violations" && r.Head.RuleKind() == ast.MultiValue
}

func (r *rule) describeLoosely(a *ast.Annotations) error {
	if a.Title != "" {
		r.Title = a.Title
	}
	r.Description = strings.TrimSpace(a.Description)
	switch phase := a.Custom["phase"]; phase {
	case nil, "static":
	case "facts":
		r.Phase = Facts
	default:
		return fmt.Errorf("METADATA custom.phase %v is neither static nor facts", phase)
	}
	if err := r.describeNeeds(a.Custom["needs"]); err != nil {
		return err
	}
	if a.Custom["params"] == nil {
		return nil
	}
	return r.describeParams(a.Custom["params"])
}

// addRegoErrors notes the errors of the parser or the compiler as "line:column: what is wrong".
func addRegoErrors(found *problems, at string, err error) {
	var all ast.Errors
	if !errors.As(err, &all) {
		found.add(at, "%v", err)
		return
	}
	lines := make([]string, 0, len(all))
	for _, e := range all[:min(len(all), maxModuleErrors)] {
		line := e.Code + ": " + e.Message
		if e.Location != nil {
			line = fmt.Sprintf("%d:%d: %s", e.Location.Row, e.Location.Col, line)
		}
		lines = append(lines, line)
	}
	if more := len(all) - maxModuleErrors; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	found.add(at, "%s", strings.Join(lines, "; "))
}

// judgeCustom evaluates a custom rule within its budget. Where it ran out of it for an object of some namespace, it is left
// alone for that namespace for a while: a rule that loops, or an object made to make it loop, must not take the time of all.
func (p *Policy) judgeCustom(ctx context.Context, in *Input, r *policyRule, g *program) ([]Violation, error) {
	if g.tired.is(in.review.Namespace) {
		return nil, &RuleError{Policy: p.name, Rule: r.Name, Err: errOutOfBudget}
	}
	if err := in.keysAsked(); r.NeedsKeys && err != nil {
		return nil, &RuleError{Policy: p.name, Rule: r.Name, Err: err}
	}
	if err := in.signaturesAsked(); r.NeedsSignature && err != nil {
		return nil, &RuleError{Policy: p.name, Rule: r.Name, Err: err}
	}
	limited, done := budgeted(ctx)
	defer done()
	value, err := r.alone.one(limited, in.custom(g.params, g.prepared))
	if cause := context.Cause(limited); err != nil && ctx.Err() == nil && cause != nil {
		err = cause
		g.tired.mark(in.review.Namespace)
	}
	var found []Violation
	if err == nil {
		found, err = p.read(r, value, in)
	}
	if err != nil {
		return nil, &RuleError{Policy: p.name, Rule: r.Name, Err: err}
	}
	return found, nil
}
