package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/verify"
)

// Set is the policies and exceptions in force at some moment. It never changes, and is safe for concurrent use.
type Set struct {
	policies []*Policy
	// exceptions are by the policy that they name, and by their namespace.
	exceptions map[string]map[string][]*Exception
	// imagePolicies were read beside the policies.
	imagePolicies []verify.ImagePolicy
}

// ImagePolicies gives the ClusterImagePolicies that were loaded with the policies, which demands can name.
func (s *Set) ImagePolicies() []verify.ImagePolicy { return s.imagePolicies }

// NewSet puts policies and exceptions together. Exceptions that no policy accepts stay without effect.
func NewSet(policies []*Policy, exceptions []*Exception) *Set {
	s := &Set{policies: slices.Clone(policies), exceptions: map[string]map[string][]*Exception{}}
	slices.SortFunc(s.policies, func(a, b *Policy) int { return strings.Compare(a.name, b.name) })
	exceptions = slices.SortedFunc(slices.Values(exceptions), func(a, b *Exception) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	for _, e := range exceptions {
		if s.exceptions[e.Policy] == nil {
			s.exceptions[e.Policy] = map[string][]*Exception{}
		}
		s.exceptions[e.Policy][e.Namespace] = append(s.exceptions[e.Policy][e.Namespace], e)
	}
	return s
}

// Policies gives all policies, sorted by name.
func (s *Set) Policies() []*Policy { return s.policies }

// Exceptions gives all exceptions, accepted or not, in the order of policy, namespace and name.
func (s *Set) Exceptions() []*Exception {
	var all []*Exception
	for _, p := range slices.Sorted(maps.Keys(s.exceptions)) {
		for _, namespace := range slices.Sorted(maps.Keys(s.exceptions[p])) {
			all = append(all, s.exceptions[p][namespace]...)
		}
	}
	return all
}

// Find gives the policy of that name; nil where there is none.
func (s *Set) Find(name string) *Policy {
	i, found := slices.BinarySearchFunc(s.policies, name, func(p *Policy, name string) int { return strings.Compare(p.name, name) })
	if !found {
		return nil
	}
	return s.policies[i]
}

// Match gives the policies that judge the subject, sorted by name.
func (s *Set) Match(subject Subject) []*Policy {
	var matched []*Policy
	for _, p := range s.policies {
		if p.match.matches(subject) {
			matched = append(matched, p)
		}
	}
	return matched
}
