package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

func (w *walk) signature(ctx context.Context) Step {
	block := w.source.Verify
	switch {
	case block == nil:
		return Step{Status: Skipped, Detail: "no verify block: Flux verifies nothing"}
	case w.Registry == nil:
		return offline()
	}
	found, err := w.Signatures.Verify(ctx, w.source, w.digest)
	failure := (*registry.Error)(nil)
	switch {
	case errors.As(err, &failure):
		return w.failed(Signature, err)
	case err != nil:
		return w.untold(err)
	case found.Verified:
		return Step{Status: Passed, Detail: fmt.Sprintf("%s, signed by %s", found.Scheme, signers(found.Signers))}
	}
	return Step{Status: Failed, Detail: string(found.Reason) + ": " + found.Message, Remedy: w.signatureRemedy(found.Reason)}
}

// untold is what keeps anybody from saying whether an artifact is signed, and is no trouble of the registry's.
func (w *walk) untold(err error) Step {
	step := Step{Status: Unknown, Because: w.because(err)}
	switch {
	case errors.Is(err, verify.ErrNoTrustRoot):
		step.Detail = "the block asks for a keyless signature, and there is no trusted root to verify it against"
		step.Remedy = "name one by --trusted-root or --trusted-root-tuf; that of Flux is at https://tuf-repo-cdn.sigstore.dev"
	case errors.Is(err, ErrNotGiven):
		step.Detail = "the Secret of the block is not among the files, or not in plain text"
		step.Remedy = "add it to the file, or diagnose the object of the cluster"
	default:
		step.Detail, step.Remedy = "it could not be told whether the artifact is signed", "try again; -v says why"
	}
	return step
}

func signers(all []verify.Signer) string {
	named := make([]string, 0, len(all))
	for _, s := range all {
		switch {
		case s.Fingerprint != "":
			named = append(named, "the key "+s.Fingerprint)
		case s.Issuer != "":
			named = append(named, fmt.Sprintf("%q of %q", s.Subject, s.Issuer))
		default:
			named = append(named, fmt.Sprintf("%q", s.Subject))
		}
	}
	return strings.Join(named, " and ")
}

// signatureRemedy says how an artifact is made to count as signed.
func (w *walk) signatureRemedy(reason verify.Reason) string {
	block := w.source.Verify
	keys := "spec.verify.matchOIDCIdentity"
	if block.SecretRef != "" {
		keys = w.secret("verify.secretRef", block.SecretRef)
	}
	sign := "cosign sign"
	if block.Provider == "notation" {
		sign = "notation sign"
	}
	artifact := w.source.Repository.String() + "@" + w.digest
	switch reason {
	case verify.ReasonUnsigned:
		return "where it comes from whom you trust, have it signed: " + sign + " " + artifact
	case verify.ReasonWrongKey, verify.ReasonWrongIdentity:
		return "find out who signed it; " + keys + " must name whom you trust to sign it"
	case verify.ReasonOtherArtifact, verify.ReasonExpired, verify.ReasonRevoked, verify.ReasonMalformed, verify.ReasonTooMany,
		verify.ReasonBesideBundles:
		return "find out who pushed it; where it comes from whom you trust, have it signed anew: " + sign + " " + artifact
	case verify.ReasonNoSecret, verify.ReasonSecret, verify.ReasonWeakTrustPolicy, verify.ReasonNoMatch:
		return "mend " + keys
	}
	return "mend spec.verify"
}
