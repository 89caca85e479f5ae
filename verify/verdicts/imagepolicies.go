package verdicts

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
)

// everyPolicy is the name that stands for all ClusterImagePolicies that are known.
const everyPolicy = "*"

// imagePolicies are those ClusterImagePolicies of a demand that are for the artifact of a source. One that is named and not
// known is an error: it may be about to come, and what it would say must not be left out.
func (v *Verifier) imagePolicies(ctx context.Context, source flux.Source, demand verify.Demand) ([]verify.ImagePolicy, error) {
	all := slices.Clone(demand.ImagePolicies)
	if len(demand.ImagePolicyNames) > 0 {
		named, err := v.named(ctx, demand.ImagePolicyNames)
		if err != nil {
			return nil, err
		}
		all = append(all, named...)
	}
	repository, err := name.NewRepository(source.Repository.String())
	if err != nil {
		return nil, err // its name was read before; a registry could not be asked either
	}
	return slices.DeleteFunc(all, func(p verify.ImagePolicy) bool {
		return !p.Matches(repository, source.Ref.Digest, demand.Object)
	}), nil
}

func (v *Verifier) named(ctx context.Context, names []string) ([]verify.ImagePolicy, error) {
	every := slices.Contains(names, everyPolicy)
	known := v.options.ImagePolicies(ctx, func(name string) bool { return every || slices.Contains(names, name) })
	if every {
		return known, nil
	}
	var named []verify.ImagePolicy
	for _, name := range names {
		i := slices.IndexFunc(known, func(p verify.ImagePolicy) bool { return p.Name() == name })
		if i < 0 {
			return nil, &verify.UnknownImagePolicyError{Name: flux.Plain(name)}
		}
		named = append(named, known[i])
	}
	return named, nil
}

// every verifies by all policies, each of which must admit the artifact.
func (v *Verifier) every(policies []verify.ImagePolicy) method {
	return func(ctx context.Context, visit verify.Visit, digest string) (verify.Signature, error) {
		all := verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy}
		for _, p := range policies {
			one, err := p.Verify(ctx, visit, digest, verify.ImagePolicyOptions{TrustedRoot: v.options.TrustedRoot()})
			if err != nil {
				return verify.Signature{}, fmt.Errorf("ClusterImagePolicy %s: %w", p.Name(), err)
			}
			all.Warnings = append(all.Warnings, one.Warnings...)
			if !one.Verified {
				one.Warnings = all.Warnings
				return one, nil
			}
			all.Signers = append(all.Signers, one.Signers...)
		}
		return all, nil
	}
}
