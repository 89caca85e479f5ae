package gate

import (
	"cmp"
	"context"
	"fmt"
	"regexp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/verify"
)

// Signatures verifies the signatures of artifacts. An error of its methods says that it could not be told: a *registry.Error,
// one that wraps ErrNotGiven, verify.ErrNoTrustRoot or verify.ErrImagePolicy, or any other.
type Signatures interface {
	// Own verifies the artifact of a source, which has a digest and a verify block, as that block asks. private is as
	// registry.Query.AllowPrivate.
	Own(ctx context.Context, source flux.Source, private bool) (verify.Signature, error)
	// Demanded verifies the artifact of a source, which has a digest, as an administrator demands.
	Demanded(ctx context.Context, source flux.Source, private bool, demand verify.Demand) (verify.Signature, error)
}

// verifies reports whether a policy asks about the signatures of what the object makes Flux pull.
func (r *review) verifies() bool {
	for i := range r.now.sources {
		if len(r.asking(i)) > 0 {
			return true
		}
	}
	return false
}

// askingOwn are the policies with a rule that reads what came of a source's verify block.
func (r *review) askingOwn(i int) []*policy.Policy {
	if !signable(r.now.sources[i]) {
		return nil
	}
	var asking []*policy.Policy
	for _, p := range r.now.policies {
		if p.NeedsSignature() {
			asking = append(asking, p)
		}
	}
	return asking
}

func signable(s flux.Source) bool {
	return s.Form == flux.FormOCIRepository || s.Form == flux.FormHelmChart
}

func demandsOf(p *policy.Policy, s flux.Source) []*policy.Demand {
	var demands []*policy.Demand
	for _, d := range p.Demands() {
		if d.Concerns(s) {
			demands = append(demands, d)
		}
	}
	return demands
}

// verify finds out what the rules need to know of the verify blocks, and returns the violations of demands. It comes after
// the static rules, so that no registry is dialled that they forbid, and after what is pending is known: a digest that its
// policy could not ask for is undecided for that policy already.
func (r *review) verify(ctx context.Context, j judgement, blocked map[int]bool) []policy.Violation {
	ctx, cancel := sparing(ctx)
	defer cancel()
	r.signatures = map[int]policy.Signature{}
	var found []policy.Violation
	for i, s := range r.now.sources {
		if asking := r.askingOwn(i); len(asking) > 0 {
			r.signatures[i] = r.own(ctx, i, blocked[i], asking)
		}
		for _, p := range r.now.policies {
			if j.promised[i] || j.pending[i] && writes(p, s.Ref) || r.gate.waits(s) {
				continue
			}
			for _, d := range demandsOf(p, s) {
				found = append(found, r.demanded(ctx, i, blocked[i], p, d)...)
			}
		}
	}
	return found
}

// digestGrammar is of the digests that registries and verifiers all read in the same way, as in the rule require-digest.
var digestGrammar = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// undigested says why an artifact has no digest to verify; empty where it has one.
func undigested(s flux.Source) string {
	switch {
	case s.Ref.Digest == "":
		return "has no digest, so that what is verified now need not be what runs later"
	case !digestGrammar.MatchString(s.Ref.Digest):
		return "has a digest that is not sha256: with 64 hexadecimal digits in lower case, so that there is nothing to verify"
	}
	return ""
}

// unnamed says why nobody can tell whose artifact it is; empty where that is known.
func unnamed(s flux.Source) string {
	if s.Problem == "" && !s.Repository.IsZero() {
		return ""
	}
	return "has a url that does not say for certain which repository it is in: " + cmp.Or(s.Problem, "it names none")
}

// own is what came of the verify block of a source.
func (r *review) own(ctx context.Context, i int, blocked bool, asking []*policy.Policy) policy.Signature {
	s := r.now.sources[i]
	switch {
	case s.Verify == nil:
		return policy.Signature{Signature: verify.Unverified(verify.ReasonNoVerify, "has no verify block, so nothing says whose signature counts")}
	case unnamed(s) != "":
		return policy.Signature{Signature: verify.Unverified(verify.ReasonNoRepository, unnamed(s))}
	case undigested(s) != "":
		return policy.Signature{Signature: verify.Unverified(verify.ReasonNoDigest, undigested(s))}
	case blocked:
		r.failSignature(i, asking, "", errNotAsked)
		return policy.Signature{Unknown: true}
	case r.gate.options.Signatures == nil:
		r.failSignature(i, asking, "", errNoVerifier)
		return policy.Signature{Unknown: true}
	}
	signature, err := r.gate.options.Signatures.Own(ctx, s, r.allowListed())
	if r.awaits(s.Namespace) && signature.Reason == verify.ReasonNoSecret {
		err = &verify.SecretError{Problem: signature.Message, Missing: true}
	}
	if err != nil {
		r.failSignature(i, asking, "", err)
		return policy.Signature{Unknown: true}
	}
	return policy.Signature{Signature: signature}
}

// demanded is the violation of a demand by the artifact of a source, if there is one.
func (r *review) demanded(ctx context.Context, i int, blocked bool, p *policy.Policy, d *policy.Demand) []policy.Violation {
	s, asking := r.now.sources[i], []*policy.Policy{p}
	var signature verify.Signature
	var err error
	switch {
	case unnamed(s) != "":
		signature = verify.Unverified(verify.ReasonNoRepository, unnamed(s))
	case undigested(s) != "":
		signature = verify.Unverified(verify.ReasonNoDigest, undigested(s))
	case blocked:
		err = errNotAsked
	case r.gate.options.Signatures == nil:
		err = errNoVerifier
	default:
		signature, err = r.gate.options.Signatures.Demanded(ctx, s, r.allowListed(), r.demand(d))
	}
	if err != nil {
		r.failSignature(i, asking, d.Name, err)
		return nil
	}
	for _, warning := range signature.Warnings {
		r.noteOnce(Note{Path: s.Path, Message: fmt.Sprintf("policy %s, demand %s: %s", p.Name(), d.Name, r.warned(s, warning))})
	}
	if signature.Verified {
		return nil
	}
	return []policy.Violation{r.unmet(i, p, d, signature)}
}

// demand is a demand on what this object makes Flux pull.
func (r *review) demand(d *policy.Demand) verify.Demand {
	demand, object := d.Demand, r.now.object
	demand.Object = verify.ImagePolicyObject{APIVersion: object.GetAPIVersion(), Kind: object.GetKind(), Labels: object.GetLabels()}
	return demand
}
