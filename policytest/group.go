package policytest

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// group is a file of tests with the modules that they are about, to be compiled together.
type group struct {
	test    *module
	modules []*module
	// against names the rule where there are several of its name, as in the policies of several stages.
	against string
}

// groups puts together what a file of tests needs: once for each module of the rules that it is about. missing is a document
// that no module defines; nil where there is none.
func (s *suite) groups(test *module) (all []group, missing *ast.Term) {
	variants := 1
	for n := 0; n < variants; n++ {
		g := group{test: test}
		several := 0
		seen := map[*module]bool{test: true}
		for queue := []*module{test}; len(queue) > 0; queue = queue[1:] {
			g.modules = append(g.modules, queue[0])
			for _, ref := range needs(queue[0]) {
				found, choices := s.providing(ref.Value.(ast.Ref), n)
				several = max(several, choices)
				if len(found) == 0 && !related(ref.Value.(ast.Ref), test.parsed.Package.Path) {
					return nil, ref
				}
				for _, m := range found {
					if choices > 1 && m.isRule() && g.against == "" {
						g.against = m.at
					}
					if !seen[m] {
						seen[m] = true
						queue = append(queue, m)
					}
				}
			}
		}
		variants = max(variants, several)
		all = append(all, g)
	}
	return all, nil
}

// providing gives the modules that define something of a document. Of a rule that there is more than once it gives the nth,
// or the last, and says how many there are.
func (s *suite) providing(ref ast.Ref, n int) (found []*module, choices int) {
	byPackage := map[string][]*module{}
	var packages []string
	for _, m := range s.rules {
		if related(ref, m.parsed.Package.Path) {
			if byPackage[m.path()] == nil {
				packages = append(packages, m.path())
			}
			byPackage[m.path()] = append(byPackage[m.path()], m)
		}
	}
	for _, path := range packages {
		same := byPackage[path]
		choices = max(choices, len(same))
		found = append(found, same[min(n, len(same)-1)])
	}
	for _, m := range slices.Concat(s.helpers, s.tests) {
		// Tests in the package of a rule are no part of it.
		if related(ref, m.parsed.Package.Path) && !s.isPackageOfRule(m) {
			found = append(found, m)
		}
	}
	return found, choices
}

func (s *suite) isPackageOfRule(m *module) bool {
	return slices.ContainsFunc(s.rules, func(r *module) bool { return r.path() == m.path() })
}

// needs gives the documents that a module reads, its own package among them.
func needs(m *module) []*ast.Term {
	refs := []*ast.Term{{Value: m.parsed.Package.Path, Location: m.parsed.Package.Location}}
	ast.WalkTerms(m.parsed, func(t *ast.Term) bool {
		if ref, isRef := t.Value.(ast.Ref); isRef && t.Location != nil && ref.HasPrefix(ast.DefaultRootRef) {
			refs = append(refs, t)
		}
		return false
	})
	return refs
}

// related reports whether a document is in a package, or the package is below the document.
func related(ref, path ast.Ref) bool {
	ref = ref.ConstantPrefix()
	return ref.HasPrefix(path) || path.HasPrefix(ref)
}

// explainMissing says what a test refers to in vain: it would find nothing there, and might pass for that reason.
func explainMissing(ref *ast.Term) string {
	return fmt.Sprintf("%s is defined by no module among the paths: name the policy or the file that has it", ref)
}
