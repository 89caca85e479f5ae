package policy

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// builtin holds the rules that ship with Fluxgate, one file each, beside what they share and their tests.
//
//go:embed rules/*.rego
var builtin embed.FS

// packagePrefix is followed by the rule's name in snake_case; a package elsewhere is shared code and no rule.
const packagePrefix = "data.fluxgate.rules."

// Library is a set of rules, compiled together. It is read-only once built and given its Sigstore, and so safe for concurrent use.
type Library struct {
	rules    map[string]*rule
	compiler *ast.Compiler
	// store is empty: rules have no data but their input.
	store storage.Store
	// custom: the library is the one module of a custom rule, whose functions are bounded.
	custom bool
	// Sigstore reads trusted roots and ClusterImagePolicies. Where it is nil, a policy that has one cannot be loaded. It is set
	// before anything is loaded.
	Sigstore Sigstore
	// trace hears of every evaluation of a custom rule; nil but in tests of policies.
	trace topdown.QueryTracer
}

// rule is a rule of a library.
type rule struct {
	Rule
	// lib is the library that the rule was compiled in.
	lib *Library
	// path is that of the rule's package: data.fluxgate.rules.require_digest.
	path   string
	schema *schema
	// alone asks this rule only, to find out which rule of a program failed.
	alone *query
	// prepares and validates say which optional parts the package has; see doc.go.
	prepares, validates bool
	// source is the module as it is written, of a custom rule only.
	source *Module
}

// newLibrary compiles the .rego files of a folder, leaving tests aside. Its errors are the rule author's to mend.
func newLibrary(files fs.FS) (*Library, error) {
	modules, err := parseModules(files)
	if err != nil {
		return nil, err
	}
	lib := &Library{rules: map[string]*rule{}, compiler: newCompiler(capabilities()), store: emptyStore()}
	lib.compiler.Compile(modules)
	if lib.compiler.Failed() {
		return nil, fmt.Errorf("compile rules: %w", lib.compiler.Errors)
	}
	for file, module := range modules {
		if !strings.HasPrefix(module.Package.Path.String(), packagePrefix) {
			continue
		}
		r, err := newRule(module)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", file, err)
		}
		if other := lib.rules[r.Name]; other != nil {
			return nil, fmt.Errorf("rule %s: %s is defined by another file too", file, r.path)
		}
		if err := lib.add(r); err != nil {
			return nil, err
		}
	}
	return lib, nil
}

func emptyStore() storage.Store {
	return inmem.NewFromObjectWithOpts(map[string]any{}, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
}

// add takes a rule that the library's compiler has compiled.
func (l *Library) add(r *rule) (err error) {
	r.lib = l
	r.alone, err = l.newQuery(r.path + ".violations")
	l.rules[r.Name] = r
	return err
}

// parseModules reads the modules of the top folder, with their annotations.
func parseModules(files fs.FS) (map[string]*ast.Module, error) {
	names, err := fs.Glob(files, "*.rego")
	if err != nil {
		return nil, err
	}
	modules := make(map[string]*ast.Module, len(names))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read rule: %w", err)
		}
		options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1}
		module, err := ast.ParseModuleWithOpts(name, string(text), options)
		if err != nil {
			return nil, fmt.Errorf("parse rule: %w", err)
		}
		modules[name] = module
	}
	return modules, nil
}

// newRule reads what a module says about itself.
func newRule(module *ast.Module) (*rule, error) {
	r := &rule{path: module.Package.Path.String()}
	snake := strings.TrimPrefix(r.path, packagePrefix)
	if file := path.Base(module.Package.Location.File); file != snake+".rego" {
		return nil, fmt.Errorf("the file of package %s must be named %s.rego", r.path, snake)
	}
	if !r.inspect(module) {
		return nil, fmt.Errorf("package %s defines no violations", r.path)
	}
	return r, r.describe(strings.ReplaceAll(snake, "_", "-"), module.Annotations)
}

// inspect finds out which parts of a rule the module defines, and reports whether violations are among them.
func (r *rule) inspect(module *ast.Module) bool {
	defines := func(name string) bool {
		return slices.ContainsFunc(module.Rules, func(r *ast.Rule) bool { return r.Head.Ref().String() == name })
	}
	r.prepares = defines("prepared")
	r.validates = defines("invalid")
	return slices.ContainsFunc(module.Rules, func(r *ast.Rule) bool {
		return strings.HasPrefix(r.Head.Ref().String(), "violations")
	})
}

// names gives the names of the rules in alphabetical order.
func (l *Library) names() []string {
	names := make([]string, 0, len(l.rules))
	for name := range l.rules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
