package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// GateOptions are those of a gate that answers from the inventory at a moment. In force are the policies, with their
// exceptions and those of the inventory; what is without effect is noted in the summary. The Resolver is the caller's to add.
func (i *Inventory) GateOptions(policies *policy.Set, now time.Time) gate.Options {
	inForce := i.inForce(policies)
	i.Summary.WithoutEffect = withoutEffect(inForce, now)
	return gate.Options{
		Policies:   func() *policy.Set { return inForce },
		Lookup:     i,
		Namespaces: i,
		Referrers:  i,
		Keys:       i,
		Pending:    i.Pending,
		Now:        func() time.Time { return now },
	}
}

// inForce adds the inventory's exceptions to those that came with the policies. One that came with both is one.
func (i *Inventory) inForce(policies *policy.Set) *policy.Set {
	exceptions := policies.Exceptions()
	for _, e := range i.exceptions {
		known := slices.ContainsFunc(exceptions, func(other *policy.Exception) bool { return other.String() == e.String() })
		if !known {
			exceptions = append(exceptions, e)
		}
	}
	return policy.NewSet(policies.Policies(), exceptions)
}

// withoutEffect says in the words of the policies why exceptions do not count.
func withoutEffect(set *policy.Set, now time.Time) []WithoutEffect {
	var all []WithoutEffect
	for _, e := range set.Exceptions() {
		if why := whyNot(set, e, now); why != "" {
			all = append(all, WithoutEffect{Exception: e.String(), Message: why})
		}
	}
	return all
}

func whyNot(set *policy.Set, e *policy.Exception, now time.Time) string {
	p := set.Find(e.Policy)
	switch {
	case p == nil:
		return fmt.Sprintf("policy %s is not among those that are used", e.Policy)
	case !e.Active(now):
		return "it ended at " + e.Until.UTC().Format(time.RFC3339)
	default:
		return p.Refuses(e, now)
	}
}

// text is the part of the summary that tells of policies and exceptions.
func (s OwnSummary) text() string {
	var b strings.Builder
	if s.SourcePolicies > 0 {
		fmt.Fprintf(&b, "%s among the manifests: well-formed, and not used to judge, which is for those of --policy\n", sourcePolicies(s.SourcePolicies))
	}
	for _, e := range s.WithoutEffect {
		fmt.Fprintf(&b, "exception %s has no effect: %s\n", flux.Printable(e.Exception), flux.Printable(e.Message))
	}
	return b.String()
}

func sourcePolicies(n int) string {
	if n == 1 {
		return "1 SourcePolicy"
	}
	return fmt.Sprintf("%d SourcePolicies", n)
}
