package policy

import "github.com/fluxgate/fluxgate/policy/v1alpha1"

// NeedsFacts reports whether the policy has rules that read what the registry says.
func (p *Policy) NeedsFacts() bool {
	for _, r := range p.rules {
		if r.Phase == Facts {
			return true
		}
	}
	return false
}

// PinsAnything reports whether the policy pins some kind of reference.
func (p *Policy) PinsAnything() bool {
	return p.pin.Tags == v1alpha1.PinOnChange || p.pin.Latest == v1alpha1.PinOnChange || p.pin.Semver == v1alpha1.PinOnChange
}

// Failing is what a failure of the policy's evaluation leads to: its onError, but never more than its strictest rule could
// have led to. A policy that only audits refuses nothing, be it judged or not.
func (p *Policy) Failing() Action {
	strictest := p.action
	for _, r := range p.rules {
		strictest = stricter(strictest, r.action)
	}
	return laxer(strictest, p.onError)
}

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
