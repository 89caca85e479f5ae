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

// NeedsKeys reports whether the policy has rules that read the keys in the Secret of a verify block: SourceReview.Keys.
func (p *Policy) NeedsKeys() bool {
	for _, r := range p.rules {
		if r.NeedsKeys {
			return true
		}
	}
	return false
}

// PinsAnything reports whether the policy pins some kind of reference.
func (p *Policy) PinsAnything() bool {
	return p.pin.Tags == v1alpha1.PinOnChange || p.pin.Latest == v1alpha1.PinOnChange || p.pin.Semver == v1alpha1.PinOnChange
}
