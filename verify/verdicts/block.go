package verdicts

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// maxIdentities limits the entries of matchOIDCIdentity, which a tenant writes.
const maxIdentities = 64

// block reads what a verify block asks for, as Flux does (source-controller, OCIRepositoryReconciler.verifySignature). bad is
// why nothing can be verified by it.
func (v *Verifier) block(ctx context.Context, source flux.Source) (demand verify.Demand, bad *verify.Signature, err error) {
	block := source.Verify
	switch {
	case block.Provider == "notation":
		return v.notationBlock(ctx, source)
	case block.Provider != "" && block.Provider != "cosign":
		return demand, unverified(verify.ReasonProvider, fmt.Sprintf("is verified by nothing, as the provider %.64q is unknown", block.Provider)), nil
	case block.SecretRef != "": // Flux reads no identities then
		data, bad, err := v.material(ctx, source, "secretRef", block.SecretRef)
		if bad != nil || err != nil {
			return demand, bad, err
		}
		keys, err := v.keyrings.of(data)
		if err != nil {
			return demand, badSecret(source, "secretRef", block.SecretRef, err), nil
		}
		return verify.Demand{Cosign: &verify.Cosign{Keys: keys}}, nil, nil
	}
	return v.keylessBlock(ctx, source)
}

func (v *Verifier) notationBlock(ctx context.Context, source flux.Source) (verify.Demand, *verify.Signature, error) {
	secret := source.Verify.SecretRef
	if secret == "" {
		return verify.Demand{}, unverified(verify.ReasonSecret, "has a verify block for notation without a secretRef"), nil
	}
	data, bad, err := v.material(ctx, source, "secretRef", secret)
	if bad != nil || err != nil {
		return verify.Demand{}, bad, err
	}
	if _, err := verify.Keys("notation", data); err != nil {
		return verify.Demand{}, badSecret(source, "secretRef", secret, err), nil
	}
	policy, found := data[verify.EntryTrustPolicy]
	if !found {
		return verify.Demand{}, badSecret(source, "secretRef", secret, errors.New("has no key "+verify.EntryTrustPolicy)), nil
	}
	delete(data, verify.EntryTrustPolicy)
	delete(data, verify.EntryTrustedRoot)
	return verify.Demand{Notation: &verify.Notation{TrustPolicy: policy, Certificates: data}}, nil, nil
}

func (v *Verifier) keylessBlock(ctx context.Context, source flux.Source) (verify.Demand, *verify.Signature, error) {
	block, cosign := source.Verify, &verify.Cosign{}
	switch {
	case len(block.Identities) == 0:
		return verify.Demand{}, unverified(verify.ReasonAnyIdentity,
			"has a verify block that names neither a secretRef nor a matchOIDCIdentity, so that anybody's signature would do"), nil
	case len(block.Identities) > maxIdentities:
		return verify.Demand{}, unverified(verify.ReasonBadIdentity,
			fmt.Sprintf("has a verify block with more than %d entries of matchOIDCIdentity", maxIdentities)), nil
	}
	for i, identity := range block.Identities {
		for _, part := range []struct{ field, pattern string }{{"issuer", identity.Issuer}, {"subject", identity.Subject}} {
			if why := badPattern(part.pattern); why != "" {
				return verify.Demand{}, unverified(verify.ReasonBadIdentity,
					fmt.Sprintf("has a verify block whose matchOIDCIdentity[%d].%s %s", i, part.field, why)), nil
			}
		}
		cosign.Identities = append(cosign.Identities,
			verify.CertificateIdentity{IssuerRegExp: identity.Issuer, SubjectRegExp: identity.Subject})
	}
	if block.TrustedRootSecretRef == "" {
		return verify.Demand{Cosign: cosign}, nil, nil
	}
	data, bad, err := v.material(ctx, source, "trustedRootSecretRef", block.TrustedRootSecretRef)
	if bad != nil || err != nil {
		return verify.Demand{}, bad, err
	}
	root := data[verify.EntryTrustedRoot]
	if len(root) == 0 {
		return verify.Demand{}, badSecret(source, "trustedRootSecretRef", block.TrustedRootSecretRef,
			errors.New("has no key "+verify.EntryTrustedRoot)), nil
	}
	cosign.TrustedRoot = root
	return verify.Demand{Cosign: cosign}, nil, nil
}

// badPattern says why an expression identifies nobody; empty where it may.
func badPattern(pattern string) string {
	if pattern == "" {
		return "is empty, and so matches anybody"
	}
	compiled, err := flux.CompileExpression(pattern)
	switch {
	case errors.Is(err, flux.ErrExpressionTooLong):
		return err.Error() + ": shorten it"
	case errors.Is(err, flux.ErrExpressionRepeats):
		return err.Error() + `: write "*" or "+" instead of large counts`
	case err != nil:
		return err.Error()
	case compiled.MatchString(""):
		return "matches the empty text, and so anybody"
	}
	return ""
}

// material reads a Secret of a verify block. bad says what is wrong with it.
func (v *Verifier) material(ctx context.Context, source flux.Source, field, secret string) (map[string][]byte, *verify.Signature, error) {
	data, err := v.options.Secrets.Material(ctx, source.Namespace, secret)
	var wrong *verify.SecretError
	switch {
	case errors.As(err, &wrong):
		return nil, badSecret(source, field, secret, wrong), nil
	case err != nil:
		return nil, nil, fmt.Errorf("verify.%s: %w", field, err)
	}
	return data, nil, nil
}

func badSecret(source flux.Source, field, secret string, why error) *verify.Signature {
	reason := verify.ReasonSecret
	if wrong := (*verify.SecretError)(nil); errors.As(why, &wrong) && wrong.Missing {
		reason = verify.ReasonNoSecret
	}
	return unverified(reason,
		fmt.Sprintf("has a verify block whose Secret %s/%s (%s) %v", flux.Plain(source.Namespace), flux.Plain(secret), field, why))
}

func unverified(reason verify.Reason, message string) *verify.Signature {
	found := verify.Unverified(reason, message)
	return &found
}
