package policy

import (
	"slices"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// NeedsFacts reports whether the policy has rules that read what the registry says that a ref names.
func (p *Policy) NeedsFacts() bool {
	for _, r := range p.rules {
		if r.Phase == Facts && (r.custom || !r.NeedsSignature) { // of a custom rule nobody knows what it reads
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

// NeedsSignature reports whether the policy has rules that read what came of the verify blocks: SourceReview.Signature.
func (p *Policy) NeedsSignature() bool {
	for _, r := range p.rules {
		if r.NeedsSignature {
			return true
		}
	}
	return false
}

// DeniesUnsigned reports whether a rule or a demand of the policy keeps out what has not the signature that it should have.
func (p *Policy) DeniesUnsigned() bool {
	return slices.ContainsFunc(p.rules, func(r *policyRule) bool { return r.NeedsSignature && r.action == Deny }) ||
		slices.ContainsFunc(p.demands, func(d *Demand) bool { return d.Action == Deny })
}

// ReadsSignature reports whether a rule of the policy reads what came of the verify blocks.
func (p *Policy) ReadsSignature(rule string) bool {
	for _, r := range p.rules {
		if r.Name == rule {
			return r.NeedsSignature
		}
	}
	return false
}

// PinsAnything reports whether the policy pins some kind of reference.
func (p *Policy) PinsAnything() bool {
	return p.pin.Tags == v1alpha1.PinOnChange || p.pin.Latest == v1alpha1.PinOnChange || p.pin.Semver == v1alpha1.PinOnChange
}
