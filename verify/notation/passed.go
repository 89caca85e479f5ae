package notation

import (
	"fmt"
	"slices"

	"github.com/notaryproject/notation-core-go/signature"
	notationgo "github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/verify"
)

// enforced reports whether each check that the trust policy must enforce says of itself that it was passed: the absence of an
// error alone admits nothing.
func enforced(outcome *notationgo.VerificationOutcome) bool {
	if outcome == nil || outcome.Error != nil || outcome.EnvelopeContent == nil {
		return false
	}
	for _, one := range required() {
		if !slices.ContainsFunc(outcome.VerificationResults, func(result *notationgo.ValidationResult) bool {
			return result.Type == one.check && result.Action == trustpolicy.ActionEnforce && result.Error == nil
		}) {
			return false
		}
	}
	return true
}

// passed names the signer of a signature that is good, if it is of this artifact.
func (j *judge) passed(outcome *notationgo.VerificationOutcome, target ocispec.Descriptor) finding {
	if target.Digest.String() != j.digest || !manifests(target.MediaType) {
		return found(stepArtifact, verify.ReasonOtherArtifact,
			"has a signature that is good, but of another artifact; sign this one with notation sign")
	}
	info := &outcome.EnvelopeContent.SignerInfo
	trusted, err := signature.VerifyAuthenticity(info, j.store.certificates)
	subject := info.CertificateChain[0].Subject.String()
	switch {
	case err != nil: // it was just found authentic
		return malformed("cannot be read")
	case len(subject) > maxSubject:
		return malformed(fmt.Sprintf("is by a certificate whose subject is longer than %d bytes", maxSubject))
	}
	return finding{step: stepVerified, signature: verify.Signature{
		Verified: true, Scheme: verify.SchemeNotation,
		Signers: []verify.Signer{{Fingerprint: j.store.fingerprint(trusted), Subject: subject}},
	}}
}

// maxSubject limits a distinguished name, in bytes.
const maxSubject = 1024

// manifests: what Flux pulls is a manifest or an index. A signature of a blob (notation blob sign) with the same digest says
// nothing of an artifact.
func manifests(mediaType string) bool {
	return slices.Contains([]string{
		ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex,
		"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
	}, mediaType)
}
