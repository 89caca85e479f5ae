package gate

import (
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/policy"
)

// The rules that the gate judges itself, beside those of the policies: they are about its own pins.
const (
	// RulePin is broken by a source that a policy pins and that has no digest.
	RulePin = "pin"
	// RuleStalePin is broken by a digest of Fluxgate's that was resolved from other inputs than the object now has.
	RuleStalePin = "stale-pin"
)

// wish gathers what the policies want for a source's kind of ref: OnChange of any of them beats Never. Those in Audit only
// report, so theirs is told apart.
func wish(policies []*policy.Policy, ref flux.Ref) (enforced pin.Wish, reported bool) {
	for _, p := range policies {
		switch {
		case writes(p, ref):
			enforced.Pin = true
			enforced.Existing = enforced.Existing || p.PinExisting()
		case p.Pins(ref) == policy.PinOnChange:
			reported = true
		}
	}
	return enforced, reported && !enforced.Pin
}

// writes reports whether a policy has the digest of such a ref written.
func writes(p *policy.Policy, ref flux.Ref) bool {
	return p.Pins(ref) == policy.PinOnChange && p.Action() != policy.Audit
}

// unpinned returns the violations of the pin itself: sources without a digest where a policy pins them, and stale pins.
// They name the digest that would pass, where it is known.
func (r *review) unpinned() []policy.Violation {
	var found []policy.Violation
	for i, s := range r.now.sources {
		if !s.Pinnable() {
			continue
		}
		change, judged := r.changes[i]
		if !judged { // the stored object, whose past is not known
			change = pin.Change{New: r.now.object, Source: s}
		}
		stale := change.Stale()
		for _, p := range r.now.policies {
			v := policy.Violation{Policy: p.Name(), Action: p.Action(), Path: pin.DigestPath(s), Source: i}
			switch {
			case s.Ref.Digest == "" && p.Pins(s.Ref) == policy.PinOnChange:
				v.Rule = RulePin
				v.Message, v.Remediation = noDigest(s, r.resolved[i].Digest)
			case stale && p.PinsAnything():
				v.Rule = RuleStalePin
				v.Message = fmt.Sprintf("%s was resolved from another url or ref than the object now has", s.Ref.Digest)
				v.Remediation = fmt.Sprintf("remove %s and the annotation %s, so that it is resolved anew", v.Path, pin.Annotation)
			default:
				continue
			}
			found = append(found, v)
		}
	}
	return found
}

// noDigest says why a source that a policy pins has no digest, and how to get it one. digest is what its ref names, if known.
func noDigest(s flux.Source, digest string) (message, remedy string) {
	message = "the policy pins this source, and it has no digest"
	switch {
	case s.Problem != "": // nobody was asked
		return message + ", as nobody can tell whose: " + s.Problem, "correct it as the reason says"
	case digest == "":
		return message, fmt.Sprintf("set %s, or set the annotation %s to a new value", pin.DigestPath(s), pin.RepinAnnotation)
	}
	return message, fmt.Sprintf("set %s: %s", pin.DigestPath(s), digest)
}
