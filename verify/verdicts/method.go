package verdicts

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
	"github.com/fluxgate/fluxgate/verify/notation"
)

// method verifies an artifact in one scheme.
type method func(ctx context.Context, visit verify.Visit, digest string) (verify.Signature, error)

// method chooses how a demand is verified. refusal is what can be said without asking the registry.
func (v *Verifier) method(demand verify.Demand, repository name.Repository) (m method, refusal *verify.Signature, err error) {
	switch {
	case demand.Notation != nil:
		verifier := notation.Compile(*demand.Notation, notation.Options{Revocation: v.options.Revocation})
		if refusal, refused := verifier.Refusal(repository); refused {
			return nil, &refusal, nil
		}
		return verifier.Verify, nil, nil
	case demand.Cosign != nil:
		root := v.options.TrustedRoot()
		if len(demand.Cosign.Keys) == 0 && demand.Cosign.TrustedRoot == nil && root == nil {
			return nil, nil, verify.ErrNoTrustRoot
		}
		return either(*demand.Cosign, cosign.Options{TrustedRoot: root}), nil, nil
	case len(demand.ImagePolicies) == 0: // all of none would admit everything
		return nil, nil, errNothingDemanded
	default:
		return v.every(demand.ImagePolicies), nil, nil
	}
}

var errNothingDemanded = errors.New("the demand asks for nothing")

// either verifies by the keys of a demand and, where none of them signed, by its identities. Package cosign looks at keys alone
// where there are any.
func either(demand verify.Cosign, options cosign.Options) method {
	return func(ctx context.Context, visit verify.Visit, digest string) (verify.Signature, error) {
		keyed, err := cosign.Verify(ctx, visit, digest, demand, options)
		if err != nil || keyed.Verified || len(demand.Keys) == 0 || len(demand.Identities) == 0 {
			return keyed, err
		}
		keyless := demand
		keyless.Keys = nil
		certified, err := cosign.Verify(ctx, visit, digest, keyless, options)
		if err == nil && !certified.Verified && keyed.Reason != verify.ReasonUnsigned && keyed.Reason != verify.ReasonWrongKey {
			return keyed, nil // it says more than that there is no such key
		}
		return certified, err
	}
}

// materialID is a hash of everything that a demand verifies with.
func (v *Verifier) materialID(demand verify.Demand) string {
	var texts []string
	switch {
	case demand.Notation != nil:
		texts = append(texts, "notation", string(demand.Notation.TrustPolicy))
		for _, entry := range slices.Sorted(maps.Keys(demand.Notation.Certificates)) {
			texts = append(texts, entry, string(demand.Notation.Certificates[entry]))
		}
	case demand.Cosign != nil:
		root := demand.Cosign.TrustedRoot
		if root == nil && (len(demand.Cosign.Keys) == 0 || len(demand.Cosign.Identities) > 0) {
			root = v.options.TrustedRoot()
		}
		texts = append(texts, "cosign", string(root), "keys")
		for _, key := range demand.Cosign.Keys {
			texts = append(texts, key.Fingerprint)
		}
		texts = append(texts, "identities")
		for _, identity := range demand.Cosign.Identities {
			texts = append(texts, identity.Issuer, identity.IssuerRegExp, identity.Subject, identity.SubjectRegExp)
		}
	default:
		texts = append(texts, "image policies", string(v.options.TrustedRoot()))
		for _, policy := range demand.ImagePolicies {
			texts = append(texts, policy.Name(), policy.ID())
		}
	}
	id := keyOf(texts...)
	return string(id[:])
}
