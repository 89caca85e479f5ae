package policy

import (
	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// Phase selects rules by what they need.
type Phase int

const (
	// Static rules need nothing from outside.
	Static Phase = iota
	// Facts rules read what the registry said.
	Facts
)

// String gives the phase as a rule's metadata writes it: static or facts.
func (p Phase) String() string {
	if p == Facts {
		return "facts"
	}
	return "static"
}

// Review is what the rules judge.
type Review struct {
	// Operation is CREATE or UPDATE.
	Operation string
	// APIVersion, Kind, Namespace and Name are the object's; Name is empty for generateName.
	APIVersion, Kind, Namespace, Name string
	// ServiceAccountName is whom Flux acts as when it applies what a HelmRelease or Kustomization pulled; empty where the
	// object names nobody. The one that an OCIRepository logs in with is its source's.
	ServiceAccountName string
	// Interval and ChartInterval are those of flux.Intervals: Go durations, or empty.
	Interval, ChartInterval string
	// Object is the raw object, for custom rules.
	Object map[string]any
	// Sources are what the object makes Flux pull, with their facts.
	Sources []SourceReview
}

// SourceReview is a source with what the gate found out about it.
type SourceReview struct {
	flux.Source
	// Changed: the digest, or what decides it (url, tag, semver, filter, media type), is new with this request.
	Changed bool
	// Pending: the digest is about to be written, or could not be asked for by the policy that is evaluated, which is
	// undecided (or offline) for that; so its rules that demand a digest leave this source alone.
	Pending bool
	// Resolved is what the tag or semver names now; nil where nobody asked or nobody answered.
	Resolved *Resolved
	// Keys are those in the Secret that the verify block names; nil where nobody asked. A rule that needs them is not
	// evaluated then: that is a *RuleError.
	Keys *Keys
	// Signature is what came of verifying the digest as the source's own verify block asks; nil where nobody asked. A rule
	// that needs it is not evaluated then: that is a *RuleError.
	Signature *Signature
}

// signable reports whether the source is an artifact that can have a signature.
func (s *SourceReview) signable() bool {
	return s.Form == flux.FormOCIRepository || s.Form == flux.FormHelmChart
}

// namesKeys reports whether there is a Secret with the keys of the source.
func (s *SourceReview) namesKeys() bool { return s.Verify != nil && s.Verify.SecretRef != "" }

// Resolved is a fact from the registry.
type Resolved struct{ Tag, Digest string }

// Signature is a fact about the signatures of an artifact.
type Signature struct {
	// Unknown: it could not be told. Who asked accounts for that; the rules are silent about it.
	Unknown bool
	verify.Signature
}

// Keys is a fact about a Secret of public keys.
type Keys struct {
	// Unknown: the Secret could not be read. Who asked accounts for that; the rules are silent about its keys.
	Unknown bool
	// Problem says what is wrong with the Secret, and completes a sentence that begins with it: "does not exist". Where
	// it is empty, there are entries.
	Problem string
	Entries []Key
}

// Key is one public key: where it stands in its Secret, and its fingerprint as package verify writes it.
type Key struct{ Entry, Fingerprint string }
