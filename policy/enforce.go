package policy

import "time"

// Enforced returns what an action of the policy leads to at a moment: before spec.enforceFrom a Deny is a Warn.
func (p *Policy) Enforced(a Action, now time.Time) Action {
	if a == Deny && now.Before(p.enforceFrom) {
		return Warn
	}
	return a
}

// EnforceFrom is the moment from which the policy denies; zero where it always did.
func (p *Policy) EnforceFrom() time.Time { return p.enforceFrom }

// Strictest is the strictest action that a violation of the policy can lead to at a moment.
func (p *Policy) Strictest(now time.Time) Action { return p.Enforced(p.strictest, now) }

// Failing is what a failure of the policy's evaluation leads to at a moment: its onError, but never more than its strictest
// rule could have led to. A policy that only audits refuses nothing, be it judged or not.
func (p *Policy) Failing(now time.Time) Action { return laxer(p.Strictest(now), p.onError) }

// MissingSources is what it leads to that an object refers to a source which does not exist yet.
func (p *Policy) MissingSources() Action { return p.missingSources }

// Selects reports whether the policy judges objects of a namespace.
func (p *Policy) Selects(n Namespace) bool { return p.match.selects(n) }

func stricter(a, b Action) Action {
	if a == Deny || b == Deny {
		return Deny
	}
	if a == Warn || b == Warn {
		return Warn
	}
	return Audit
}

func laxer(a, b Action) Action {
	if stricter(a, b) == a {
		return b
	}
	return a
}
