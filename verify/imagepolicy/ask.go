package imagepolicy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sigstore/policy-controller/pkg/webhook"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"

	"github.com/fluxgate/fluxgate/verify"
)

// ask judges one authority by the library. Either a match or a refusal is returned.
func (s *session) ask(ctx context.Context, authority *webhookcip.Authority, fingerprint string) (match *webhook.AuthorityMatch, why *refusal) {
	defer recovered(&why, authority.Name)
	if authority.Static != nil {
		if authority.Static.Action == "pass" {
			return &webhook.AuthorityMatch{Static: true}, nil
		}
		return nil, refuseStatic(authority)
	}
	options := slices.Concat(s.options, authority.RemoteOpts)
	if len(authority.Attestations) > 0 {
		attestations, err := webhook.ValidatePolicyAttestationsForAuthority(ctx, s.ref, *authority, options...)
		if err == nil && len(attestations) > 0 {
			return &webhook.AuthorityMatch{Attestations: attestations}, nil
		}
		return nil, refuseAttestations(authority, fingerprint, err)
	}
	signatures, err := webhook.ValidatePolicySignaturesForAuthority(ctx, s.ref, *authority, options...)
	if err == nil && len(signatures) > 0 {
		return &webhook.AuthorityMatch{Signatures: signatures}, nil
	}
	return nil, refuseSignatures(authority, fingerprint, err)
}

// recovered turns a panic of the library over hostile contents into a refusal.
func recovered(why **refusal, authority string) {
	if r := recover(); r != nil {
		*why = &refusal{authority: authority, reason: verify.ReasonMalformed, clause: "what it judges, or its policy, is malformed in a way that cannot be judged"}
	}
}

// addSigners adds whose signatures an authority passed by. Of a keyed authority that is its key: a certificate beside such a
// signature is not verified.
func addSigners(signers []verify.Signer, match *webhook.AuthorityMatch, fingerprint string) []verify.Signer {
	add := func(signature *webhook.PolicySignature) {
		signer := verify.Signer{Fingerprint: fingerprint}
		if fingerprint == "" {
			signer = verify.Signer{Issuer: signature.Issuer, Subject: signature.Subject}
		}
		// Of a bundle the library keeps no certificate.
		if signer != (verify.Signer{}) && !slices.Contains(signers, signer) {
			signers = append(signers, signer)
		}
	}
	for i := range match.Signatures {
		add(&match.Signatures[i])
	}
	for _, attestation := range slices.Sorted(maps.Keys(match.Attestations)) {
		for i := range match.Attestations[attestation] {
			add(&match.Attestations[attestation][i].PolicySignature)
		}
	}
	return signers
}

// namesOf lists the authorities that passed.
func namesOf(result *webhook.PolicyResult) string {
	names := slices.Sorted(maps.Keys(result.AuthorityMatches))
	if len(names) > maxShown {
		names = append(names[:maxShown], fmt.Sprintf("%d more", len(names)-maxShown))
	}
	return strings.Join(names, ", ")
}
