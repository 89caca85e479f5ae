package notation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	notationgo "github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/verify"
)

// judge judges single signatures of one artifact.
type judge struct {
	policy            *trustpolicy.Document // the statement that applies, alone
	store             *store
	reference, digest string
	transport         http.RoundTripper // as Options.Revocation
}

// step is how far a signature came in the order of notation-go's checks; the further, the more its verdict tells users.
type step int

const (
	stepRead step = iota + 1
	stepAuthority
	stepIdentity
	stepTime
	stepRevocation
	stepArtifact
	stepVerified
)

// finding is the verdict on one signature.
type finding struct {
	step      step
	signature verify.Signature
}

func found(at step, reason verify.Reason, message string) finding {
	return finding{step: at, signature: verify.Unverified(reason, message)}
}

func malformed(what string) finding {
	return found(stepRead, verify.ReasonMalformed, "has a signature that "+what+"; sign it anew with notation sign")
}

// judge judges an envelope. Its error is of the servers that were asked about revoked certificates.
func (j *judge) judge(ctx context.Context, mediaType string, envelope []byte) (verdict finding, err error) {
	// notation-core-go panics, for one, on a certificate whose OCSP server is no URL. What it cannot stand is no signature.
	defer func() {
		if recover() != nil {
			verdict, err = malformed("cannot be read"), nil
		}
	}()
	content, target, readable := read(mediaType, envelope)
	switch {
	case !readable:
		return malformed("cannot be read"), nil
	case slices.ContainsFunc(content.SignerInfo.SignedAttributes.ExtendedAttributes, demanding):
		return malformed("only a plugin of notation could verify, and plugins are never run"), nil
	}
	asked := &revocations{transport: j.transport}
	options, err := asked.options()
	if err != nil {
		return finding{}, err
	}
	notation, err := verifier.NewWithOptions(j.policy, j.store, nil, options)
	if err != nil {
		return finding{}, err
	}
	outcome, err := notation.Verify(ctx, target, envelope, notationgo.VerifierVerifyOptions{
		ArtifactReference: j.reference, SignatureMediaType: mediaType,
	})
	if err == nil && enforced(outcome) {
		return j.passed(outcome, target), nil
	}
	told := asked.told()
	if verdict = j.failed(outcome, told); verdict.step == stepRevocation && told.failure != nil {
		return finding{}, told.failure
	}
	return verdict, nil
}

// read reads an envelope without trusting it: what it says, and the artifact that it says it is of. The media types register
// themselves with notation-core-go when their packages are imported.
func read(mediaType string, envelope []byte) (*signature.EnvelopeContent, ocispec.Descriptor, bool) {
	if mediaType != jws.MediaTypeEnvelope && mediaType != cose.MediaTypeEnvelope {
		return nil, ocispec.Descriptor{}, false
	}
	if !affordableChain(mediaType, envelope) {
		return nil, ocispec.Descriptor{}, false
	}
	parsed, err := signature.ParseEnvelope(mediaType, envelope)
	if err != nil {
		return nil, ocispec.Descriptor{}, false
	}
	content, err := parsed.Content()
	if err != nil || !affordableTimestamp(content.SignerInfo.UnsignedAttributes.TimestampSignature) {
		return nil, ocispec.Descriptor{}, false
	}
	var payload struct {
		TargetArtifact ocispec.Descriptor `json:"targetArtifact"`
	}
	err = json.Unmarshal(content.Payload.Content, &payload)
	return content, payload.TargetArtifact, err == nil
}

// demanding: whoever does not understand a critical attribute must refuse the signature
// (https://github.com/notaryproject/specifications/blob/v1.1.0/specs/signature-specification.md#signed-attributes).
// notation-go leaves those that are not its own to plugins.
func demanding(attribute signature.Attribute) bool {
	return attribute.Critical || attribute.Key == verifier.HeaderVerificationPlugin
}
