package policy

import (
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// allowlistRule is the one rule that the gate asks for by name: where it stands, what may be dialled is known.
const allowlistRule = "registry-allowlist"

// Policy is a SourcePolicy that is ready to judge. It never changes, and is safe for concurrent use.
type Policy struct {
	name    string
	action  Action
	onError Action
	pin     v1alpha1.Pin
	match   matcher
	// rules are in the order of the policy, whatever their phase.
	rules []*policyRule
	// phases are the programs of the built-in rules, custom those of the policy's own, one each.
	phases  map[Phase]*program
	custom  map[Phase][]*program
	demands []*Demand
	// strictest is the strictest action of the policy or of one of its entries.
	strictest Action

	enforceFrom    time.Time // zero: at once
	missingSources Action
	exceptions     v1alpha1.Exceptions
	// broken is why the policy cannot judge; nil where it can.
	broken *LoadError
	// listed: registry-allowlist is among the policy's rules, be they compiled or not.
	listed bool
}

// policyRule is a rule with the action that this policy gives it.
type policyRule struct {
	*rule
	action Action
	custom bool
}

// Name is the policy's name.
func (p *Policy) Name() string { return p.name }

// Action is what a violation of the policy itself leads to, and how pins are made: under Audit nothing is written.
func (p *Policy) Action() Action { return p.action }

// OnError settles what could not be judged; Audit stands for Allow.
func (p *Policy) OnError() Action { return p.onError }

// HasAllowList reports whether the policy has the rule registry-allowlist and can judge it, and so says what may be dialled.
func (p *Policy) HasAllowList() bool { return p.listed && p.broken == nil }

// LostAllowList reports whether the policy has the rule registry-allowlist and cannot judge it, so that nobody knows what it
// would have kept from being dialled.
func (p *Policy) LostAllowList() bool { return p.listed && p.broken != nil }

// PinMode says when a reference is pinned. The zero value is PinNever.
type PinMode int

// The pin modes, weaker first: of the modes of several policies the greatest holds.
const (
	PinNever PinMode = iota
	PinOnChange
)

// Pins says whether the policy pins a reference, by what Flux would select its digest with if ref.digest were absent:
// the semver range, else the tag, else latest (source-controller, getArtifactRef).
func (p *Policy) Pins(ref flux.Ref) PinMode {
	mode := p.pin.Tags
	switch {
	case ref.Semver != "":
		mode = p.pin.Semver
	case ref.Tag == "" || ref.Tag == "latest":
		mode = p.pin.Latest
	}
	if mode == v1alpha1.PinOnChange {
		return PinOnChange
	}
	return PinNever
}

// PinExisting reports whether objects that were there before the policy are pinned on their next update.
func (p *Policy) PinExisting() bool { return p.pin.Existing }
