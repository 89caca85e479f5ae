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
		return func(ctx context.Context, visit verify.Visit, digest string) (verify.Signature, error) {
			return cosign.Verify(ctx, visit, digest, *demand.Cosign, cosign.Options{TrustedRoot: root})
		}, nil, nil
	case len(demand.ImagePolicies) == 0: // all of none would admit everything
		return nil, nil, errNothingDemanded
	default:
		return v.every(demand.ImagePolicies), nil, nil
	}
}

var errNothingDemanded = errors.New("the demand asks for nothing")

// alternatives are what a demand comes apart into, one of which must be met: a demand of cosign's is met by its keys or by its
// identities, and package cosign looks at keys alone where there are any.
func alternatives(demand verify.Demand) []verify.Demand {
	if demand.Cosign == nil || len(demand.Cosign.Keys) == 0 || len(demand.Cosign.Identities) == 0 {
		return []verify.Demand{demand}
	}
	keyed, certified := *demand.Cosign, *demand.Cosign
	keyed.Identities, certified.Keys = nil, nil
	return []verify.Demand{{Cosign: &keyed}, {Cosign: &certified}}
}

// telling is which of two verdicts says more: that there is no signature, or none by a key, is said of the other as well.
func telling(first, second verify.Signature) verify.Signature {
	switch first.Reason {
	case "", verify.ReasonUnsigned, verify.ReasonWrongKey:
		return second
	}
	return first
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
