package policy

import (
	"regexp"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
)

// repositories are patterns of repositories, with the meaning that they have in the rule registry-allowlist
// (rules/registry_allowlist.rego). No pattern at all matches every repository.
type repositories []repositoryPattern

type repositoryPattern struct {
	text    string
	matches *regexp.Regexp
}

// repositories compiles patterns. What is wrong with one is said by that rule. The error is ours.
func (l *Library) repositories(at string, patterns []string, found *problems) (repositories, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	if allowlist := l.rules[allowlistRule]; allowlist != nil {
		list := make([]any, len(patterns))
		for i, pattern := range patterns {
			list[i] = pattern
		}
		params := map[string]any{"allow": list}
		wrong, err := allowlist.complain(params, allowlist.schema.check(params))
		if err != nil {
			return nil, err
		}
		for _, w := range wrong {
			found.add(at+strings.TrimPrefix(w.at, ".allow"), "%s", w.message)
		}
	}
	all := make(repositories, len(patterns))
	for i, pattern := range patterns {
		compiled, err := regexp.Compile(repositoryExpression(pattern))
		if err != nil {
			return nil, err
		}
		all[i] = repositoryPattern{pattern, compiled}
	}
	return all, nil
}

func repositoryExpression(pattern string) string {
	tree := strings.TrimSuffix(pattern, "/**")
	host, path, hasPath := strings.Cut(tree, "/")
	expression := `\A` + strings.ReplaceAll(regexp.QuoteMeta(host), `\*`, `[^./:]*`)
	if hasPath {
		expression += "/" + strings.ReplaceAll(regexp.QuoteMeta(path), `\*`, `[^/]*`)
	}
	if tree != pattern {
		expression += "/.+"
	}
	return expression + `\z`
}

func (r repositories) match(repository flux.Repository) bool {
	if len(r) == 0 {
		return true
	}
	for _, pattern := range r {
		if pattern.matches.MatchString(repository.String()) {
			return true
		}
	}
	return false
}

// below reports whether a repository below a prefix can match: one that a wildcard leaves open, or that is spelt out.
func (r repositories) below(prefix flux.Repository) bool {
	if len(r) == 0 {
		return true
	}
	below := prefix.String() + "/"
	for _, pattern := range r {
		if strings.HasPrefix(pattern.text, below) || pattern.matches.MatchString(below+"?") {
			return true
		}
	}
	return false
}
