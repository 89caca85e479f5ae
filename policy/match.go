package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// Subject is what a policy matches on.
type Subject struct {
	Kind string
	// Namespaces are those that the object is judged for: its own, and its targetNamespace.
	Namespaces []Namespace
}

// Namespace is a namespace with its labels.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Kinds are the kinds that a policy can select.
func Kinds() []string {
	return []string{"OCIRepository", "HelmRelease", "HelmRepository", "HelmChart", "Kustomization"}
}

// matcher is a v1alpha1.Match, ready to use.
type matcher struct {
	kinds           []string
	names, excluded globs
	selector        labels.Selector // nil where there is none
	everyNamespace  bool
}

// matches reports whether one of the subject's namespaces is selected and not excluded: an excluded namespace excuses
// the object only for itself.
func (m *matcher) matches(s Subject) bool {
	if len(m.kinds) > 0 && !slices.Contains(m.kinds, s.Kind) {
		return false
	}
	if len(s.Namespaces) == 0 {
		return m.everyNamespace
	}
	return slices.ContainsFunc(s.Namespaces, m.selects)
}

func (m *matcher) selects(n Namespace) bool {
	if m.excluded.match(n.Name) {
		return false
	}
	return m.everyNamespace || m.names.match(n.Name) || m.selector != nil && m.selector.Matches(labels.Set(n.Labels))
}

// newMatcher compiles a match and notes what is wrong with it.
func newMatcher(match v1alpha1.Match, found *problems) matcher {
	m := matcher{
		kinds:          match.Kinds,
		names:          newGlobs("spec.match.namespaces", match.Namespaces, found),
		excluded:       newGlobs("spec.match.excludedNamespaces", match.ExcludedNamespaces, found),
		everyNamespace: len(match.Namespaces) == 0 && match.NamespaceSelector == nil,
	}
	for i, kind := range match.Kinds {
		if !slices.Contains(Kinds(), kind) {
			found.add(fmt.Sprintf("spec.match.kinds[%d]", i), "unknown kind %q%s", kind, nearest(kind, Kinds()))
		}
	}
	if match.NamespaceSelector != nil {
		selector, err := metav1.LabelSelectorAsSelector(match.NamespaceSelector)
		if err != nil {
			found.add("spec.match.namespaceSelector", "is no label selector: %v", err)
		}
		m.selector = selector
	}
	return m
}

// globs match names: those without a wildcard by one look-up.
type globs struct {
	names    map[string]struct{}
	patterns []string
}

// newGlobs accepts what a namespace's name can hold, and the wildcards * and ?.
func newGlobs(at string, patterns []string, found *problems) globs {
	g := globs{names: map[string]struct{}{}}
	for i, pattern := range patterns {
		g.add(fmt.Sprintf("%s[%d]", at, i), pattern, namespaceCharacters, found)
	}
	return g
}

// characters are what names of a kind are made of, and how to say so.
type characters struct{ all, what, words string }

//nolint:gochecknoglobals // constants in all but name
var (
	namespaceCharacters = characters{"abcdefghijklmnopqrstuvwxyz0123456789-", "namespace", "letters, digits and hyphens"}
	objectCharacters    = characters{"abcdefghijklmnopqrstuvwxyz0123456789-.", "object", "letters, digits, hyphens and dots"}
)

func (g *globs) add(at, pattern string, c characters, found *problems) {
	switch {
	case pattern == "" || strings.Trim(pattern, c.all+"*?") != "":
		found.add(at, "%q can match no %s: write lower-case %s, and the wildcards * and ?", pattern, c.what, c.words)
	case strings.ContainsAny(pattern, "*?"):
		g.patterns = append(g.patterns, pattern)
	default:
		g.names[pattern] = struct{}{}
	}
}

func (g globs) match(name string) bool {
	if _, found := g.names[name]; found {
		return true
	}
	for _, pattern := range g.patterns {
		if matched, err := path.Match(pattern, name); err == nil && matched {
			return true
		}
	}
	return false
}
