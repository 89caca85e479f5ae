package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// The classes of what kept signatures from being verified, beside those of registries.
const (
	classSignature = "signature"
	classTrustRoot = "trust-root"
	classNotAsked  = "not-asked"
)

var (
	errNotAsked   = errors.New("no allow-list permits the registry, or the url is not canonical")
	errUnjudged   = errors.New("not all rules could be evaluated before")
	errNoVerifier = errors.New("no signatures can be verified here")
)

// failSignature records that the signatures of a source could not be verified for some policies. Where the update leaves what is
// pulled as it was, it keeps nothing out: the artifact was judged when it came, and a registry that is down must not
// freeze every object that pulls from it. demand names what could not be judged; empty for rules.
func (r *review) failSignature(i int, asking []*policy.Policy, demand string, err error) {
	s := r.now.sources[i]
	f := signatureFailure(s, err)
	if demand != "" {
		f.Message = "demand " + demand + ": " + f.Message
	}
	before := r.pulledBefore(s)
	for _, p := range asking {
		f.Policy, f.OnError = p.Name(), p.Failing(r.at)
		if before && f.OnError == policy.Deny && r.selectsTheSame(p) {
			f.OnError = policy.Warn
		}
		r.fail(f)
	}
}

func signatureFailure(s flux.Source, err error) Failure {
	f := Failure{
		Path: s.Path, Class: classSignature, Err: err, Message: "the signatures of the artifact could not be verified; try again",
	}
	var known *registry.Error
	var unknown *verify.UnknownImagePolicyError
	var notYet *verify.SecretError
	switch {
	case errors.Is(err, errNotAsked), errors.Is(err, errUnjudged):
		f.Class, f.Message = classNotAsked, "the signatures of the artifact were not verified, because "+err.Error()
	case errors.Is(err, ErrNotGiven):
		f.Class, f.Offline = classKeys, true
		f.Message = "the Secret of the verify block is not among the files, or not in plain text, so that no signature is verified"
	case errors.As(err, &notYet) && notYet.Missing:
		f.Class, f.missing, f.Message = classKeys, true, "the artifact "+notYet.Problem
	case errors.Is(err, verify.ErrNoTrustRoot):
		f.Class = classTrustRoot
		f.Message = "keyless signatures cannot be verified: an administrator must give a trusted root (--trusted-root)"
	case errors.As(err, &unknown):
		f.Message = fmt.Sprintf("the ClusterImagePolicy %s, which the policy demands, is not known; an administrator must apply it", unknown.Name)
	case errors.Is(err, verify.ErrImagePolicy):
		f.Message = "the signatures of the artifact could not be verified, because a ClusterImagePolicy that is demanded is not known " +
			"or cannot be read; an administrator must mend it"
	case errors.As(err, &known):
		f.Class, f.Offline, f.Err = string(known.Class), known.Class == registry.ClassOffline, known.Err
		f.missing = errors.Is(known.Err, registry.ErrMissing)
		f.Message = "the signatures of the artifact could not be verified: " + known.Error()
	case errors.Is(err, context.DeadlineExceeded):
		f.Class = string(registry.ClassTimeout)
	}
	return f
}

// failUnverified makes the review undecided for every policy that asks about signatures: what one policy failed at must not let
// an object pass another.
func (r *review) failUnverified() {
	for i := range r.now.sources {
		r.failSignature(i, r.asking(i), "", errUnjudged)
	}
}

// noteUnverified says of the sources that a policy asks about that their signatures were left alone, and why. Those whose ref is
// open are told of already (noteUnasked).
func (r *review) noteUnverified(open map[int]bool, why string) {
	for i, s := range r.now.sources {
		if !open[i] && len(r.asking(i)) > 0 {
			r.notes = append(r.notes, Note{Path: s.Path, Message: "its signatures are not verified " + why})
		}
	}
}

// asking are the policies that ask about the signatures of a source, by a rule or by a demand.
func (r *review) asking(i int) []*policy.Policy {
	asking := r.askingOwn(i)
	for _, p := range r.now.policies {
		if len(demandsOf(p, r.now.sources[i])) > 0 && !slices.Contains(asking, p) {
			asking = append(asking, p)
		}
	}
	return asking
}

// pulledBefore reports whether the stored object, by the same policies, pulls the same and has it verified in the same way.
func (r *review) pulledBefore(s flux.Source) bool {
	if r.before.object == nil || r.resuming() || r.newlyMatched() {
		return false
	}
	was := sourceAt(r.before.sources, s.Path)
	return was != nil && verifiedAlike(s, *was)
}

// signedBefore are the violations of the stored object by rules that read what came of the verify blocks: what is verified in the same
// way is not verified again.
func (r *review) signedBefore(ctx context.Context, before *review) []policy.Violation {
	if r.signatures == nil {
		return nil
	}
	before.signatures = map[int]policy.Signature{}
	for i, was := range before.now.sources {
		before.signatures[i] = policy.Signature{Unknown: true}
		is := slices.IndexFunc(r.now.sources, func(s flux.Source) bool { return s.Path == was.Path && verifiedAlike(s, was) })
		if fact, known := r.signatures[is]; known {
			before.signatures[i] = fact
		}
	}
	found := before.evaluate(ctx, judgement{side: &before.now}, policy.Facts)
	return slices.DeleteFunc(found, func(v policy.Violation) bool {
		p := r.set.Find(v.Policy)
		return p == nil || !p.ReadsSignature(v.Rule)
	})
}

// demandedBefore reports whether a violation of a demand was earned by the stored object already: it is of the same artifact, which
// untouched has compared, so that the answer is the same.
func (r *review) demandedBefore(v policy.Violation) bool {
	p := r.set.Find(v.Policy)
	return v.Rule == RuleSignatures && p != nil && slices.Contains(r.before.policies, p) && r.selectsTheSame(p)
}

// verifiedAlike reports whether two sources pull the same, and have it verified in the same way.
func verifiedAlike(a, b flux.Source) bool {
	return reflect.DeepEqual(pulled(a), pulled(b)) && reflect.DeepEqual(a.Verify, b.Verify)
}

// selectsTheSame reports whether the demands of a policy ask the same of the object as of the stored one. ClusterImagePolicies may
// select by labels, so that where those change, others may be for it than it was judged by.
func (r *review) selectsTheSame(p *policy.Policy) bool {
	selects := slices.ContainsFunc(p.Demands(), func(d *policy.Demand) bool {
		return len(d.ImagePolicies)+len(d.ImagePolicyNames) > 0
	})
	return !selects || maps.Equal(r.now.object.GetLabels(), r.before.object.GetLabels())
}
