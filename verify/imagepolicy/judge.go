package imagepolicy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/policy"
	"github.com/sigstore/policy-controller/pkg/webhook"

	"github.com/fluxgate/fluxgate/verify"
)

// judge asks the authorities in their order.
func (p *Policy) judge(ctx context.Context, visit verify.Visit, ref name.Digest, options verify.ImagePolicyOptions) (verify.Signature, error) {
	ctx, s := newSession(ctx, visit, ref, options.TrustedRoot)
	verdict := verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy}
	result := &webhook.PolicyResult{AuthorityMatches: map[string]webhook.AuthorityMatch{}}
	var refused []refusal
	var rootErr error
	for i := range p.compiled.Authorities {
		authority := &p.compiled.Authorities[i]
		if needsRoot(authority) && s.rootErr != nil {
			rootErr = s.rootErr
			continue
		}
		match, why := s.ask(ctx, authority, p.fingerprints[i])
		if why != nil {
			refused = append(refused, *why)
			continue
		}
		result.AuthorityMatches[authority.Name] = *match
		verdict.Signers = addSigners(verdict.Signers, match, p.fingerprints[i])
		if p.compiled.Policy == nil {
			break
		}
	}
	switch passed := len(result.AuthorityMatches) > 0; {
	case passed && p.compiled.Policy == nil:
		return p.admit(verdict, result), nil
	case ctx.Err() != nil:
		return verify.Signature{}, fmt.Errorf("verify by ClusterImagePolicy %s: %w", p.name, context.Cause(ctx))
	// An authority that could not be asked may be the one that would have admitted the artifact. A policy over the
	// authorities may also ask that one be absent, so it is not evaluated over less than all.
	case visit.Failure() != nil:
		return verify.Signature{}, visit.Failure()
	case rootErr != nil:
		return verify.Signature{}, fmt.Errorf("verify by ClusterImagePolicy %s: %w", p.name, rootErr)
	case !passed:
		return p.refuse(refused), nil
	}
	if why := p.evaluate(ctx, result); why != nil {
		return p.refuse([]refusal{*why}), nil
	}
	return p.admit(verdict, result), nil
}

// evaluate asks the policy over those authorities that passed. What it calls a warning refuses too, as in ValidatePolicy.
func (p *Policy) evaluate(ctx context.Context, result *webhook.PolicyResult) (why *refusal) {
	defer recovered(&why, "")
	for _, name := range p.demanded {
		if _, passed := result.AuthorityMatches[name]; !passed {
			return p.overAuthorities(result)
		}
	}
	content, err := json.Marshal(result)
	if err != nil {
		return &refusal{reason: verify.ReasonMalformed, clause: "its authorities' result cannot be written as JSON"}
	}
	warning, err := policy.EvaluatePolicyAgainstJSON(ctx, kind, p.compiled.Policy.Type, p.compiled.Policy.Data, content)
	if warning == nil && err == nil {
		return nil
	}
	return p.overAuthorities(result)
}

func (p *Policy) overAuthorities(result *webhook.PolicyResult) *refusal {
	return &refusal{reason: verify.ReasonImagePolicy, clause: fmt.Sprintf("its %s policy over the authorities refuses (those that passed: %s): have the others sign it too, or mend the policy",
		p.compiled.Policy.Type, namesOf(result))}
}

// admit says where nothing but static authorities passed: no signature was looked at.
func (p *Policy) admit(verdict verify.Signature, result *webhook.PolicyResult) verify.Signature {
	static := true
	for _, match := range result.AuthorityMatches {
		static = static && match.Static
	}
	if static {
		verdict.Message = fmt.Sprintf("is admitted by a static authority of ClusterImagePolicy %s, without a signature", p.name)
	}
	return verdict
}
