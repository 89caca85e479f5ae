package policy

import (
	"fmt"
	"slices"
	"time"
)

// Object names an object that is judged. Name is empty for generateName, which no exception covers.
type Object struct{ Kind, Namespace, Name string }

// Refuses says why the policy does not accept an exception; empty where it does. An exception that has ended, or that is for
// another policy, is another matter.
//
// How long it lasts counts from its creation; one that is in a file has no such time, and now stands for it.
func (p *Policy) Refuses(e *Exception, now time.Time) string {
	accepted := p.exceptions.Rules
	if len(accepted) == 0 {
		return fmt.Sprintf("policy %s accepts no exceptions", p.name)
	}
	for _, rule := range e.rules {
		if !slices.Contains(accepted, rule) {
			return fmt.Sprintf("policy %s accepts no exception from the rule %s, only from %s", p.name, clean(rule), oneOf(accepted))
		}
	}
	most := p.exceptions.MaxDuration
	if most == nil { // a broken policy: a good one says it
		return fmt.Sprintf("policy %s does not say how long an exception may last", p.name)
	}
	from, since := e.created, "its creation"
	if from.IsZero() {
		from, since = now, "now"
	}
	if last := from.Add(most.Duration); e.Until.After(last) {
		return fmt.Sprintf("policy %s accepts no exception that lasts longer than %s: set spec.until to %s at the latest, counted from %s",
			p.name, most.Duration, last.UTC().Format(time.RFC3339), since)
	}
	return ""
}

// Excepted returns the exception that covers a violation of the policy's rule by an object; nil where there is none. Where the
// policy matches through several namespaces, each of them must have one: what prod forbids is not for a tenant's other
// namespace to except. Of several, it returns the one that ends first.
func (s *Set) Excepted(p *Policy, rule string, o Object, through []string, now time.Time) *Exception {
	if len(s.exceptions[p.name]) == 0 || len(through) == 0 || o.Name == "" {
		return nil
	}
	var first *Exception
	for _, namespace := range through {
		e := s.exceptionIn(namespace, p, rule, o, now)
		if e == nil {
			return nil
		}
		if first == nil || e.Until.Before(first.Until) {
			first = e
		}
	}
	return first
}

func (s *Set) exceptionIn(namespace string, p *Policy, rule string, o Object, now time.Time) *Exception {
	for _, e := range s.exceptions[p.name][namespace] {
		if e.Active(now) && e.covers(rule, o) && p.Refuses(e, now) == "" {
			return e
		}
	}
	return nil
}

// Through gives the namespaces of the subject by which the policy matches it.
func (p *Policy) Through(s Subject) []string {
	var names []string
	for _, n := range s.Namespaces {
		if p.match.selects(n) {
			names = append(names, n.Name)
		}
	}
	return names
}
