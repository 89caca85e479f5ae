package notation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/notaryproject/notation-core-go/signature"
	notationgo "github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"

	"github.com/fluxgate/fluxgate/verify"
)

// failed says why a signature does not count: the first check that it did not pass, of those that the trust policy enforces.
func (j *judge) failed(outcome *notationgo.VerificationOutcome, asked revocationResult) finding {
	if outcome == nil {
		return malformed("cannot be read")
	}
	at := slices.IndexFunc(outcome.VerificationResults, func(result *notationgo.ValidationResult) bool {
		return result.Action == trustpolicy.ActionEnforce && result.Error != nil
	})
	if at < 0 || outcome.EnvelopeContent == nil {
		return malformed("is broken")
	}
	info := &outcome.EnvelopeContent.SignerInfo
	switch result := outcome.VerificationResults[at]; result.Type {
	case trustpolicy.TypeAuthenticity:
		return j.notAuthentic(info, result.Error)
	case trustpolicy.TypeExpiry:
		return found(stepTime, verify.ReasonExpired, "has a signature that has expired; sign it anew with notation sign")
	case trustpolicy.TypeAuthenticTimestamp:
		if asked.revoked || asked.unknown {
			return j.revoked(asked, "timestamp", "take a timestamp of another authority")
		}
		return j.untimely(info)
	case trustpolicy.TypeRevocation:
		return j.revoked(asked, "signature", `write "log" at signatureVerification.override.revocation in the trustpolicy.json of its verify block`)
	}
	return malformed("is broken")
}

func (j *judge) notAuthentic(info *signature.SignerInfo, err error) finding {
	const policy = "in the trustpolicy.json of its verify block"
	if inconclusive := (notationgo.VerificationInconclusiveError{}); errors.As(err, &inconclusive) {
		return found(stepAuthority, verify.ReasonWrongKey, fmt.Sprintf(
			"has a signature of the scheme %q, for which trustStores %s name no store; sign it by another, or add one",
			info.SignedAttributes.SigningScheme, policy))
	}
	if _, err := signature.VerifyAuthenticity(info, j.store.certificates); err != nil {
		message := "has a signature by none of the authorities whose certificates are in the Secret of its verify block; " +
			"sign it with a certificate of theirs, or add the authority's"
		if j.store.ignored {
			message += " (of several certificates under one key, Flux reads the first)"
		}
		return found(stepAuthority, verify.ReasonWrongKey, message)
	}
	subject := info.CertificateChain[0].Subject.String()
	const most = 256
	quoted := fmt.Sprintf("%q", subject)
	if len(subject) > most {
		quoted = fmt.Sprintf("%q", subject[:most]) + "…"
	}
	return found(stepIdentity, verify.ReasonWrongIdentity, fmt.Sprintf(
		"is signed by %s, which is none of trustedIdentities %s; sign it as one of those, or add this one", quoted, policy))
}

// untimely says what is wrong with the time at which it was signed.
func (j *judge) untimely(info *signature.SignerInfo) finding {
	if info.SignedAttributes.SigningScheme == signature.SigningSchemeX509SigningAuthority {
		return found(stepTime, verify.ReasonExpired, "has a signature by a certificate that was not valid when it signed; sign it anew")
	}
	now := time.Now()
	for _, certificate := range info.CertificateChain {
		if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
			return found(stepTime, verify.ReasonExpired,
				"has a signature by a certificate that is not valid now, and no trusted timestamp from when it was; sign it anew")
		}
	}
	return found(stepTime, verify.ReasonExpired, "has a signature without the timestamp that the tsa stores in the trustpolicy.json "+
		`of its verify block ask for; sign it with notation sign --timestamp-url, or set verifyTimestamp to "afterCertExpiry"`)
}

func (j *judge) revoked(asked revocationResult, by, remedy string) finding {
	switch {
	case asked.revoked:
		return found(stepRevocation, verify.ReasonRevoked, "has a "+by+" by a certificate that is revoked; sign it anew with another")
	case j.transport == nil:
		return found(stepRevocation, verify.ReasonRevoked, "has a "+by+" by a certificate whose revocation is not known, as Fluxgate asks no "+
			"OCSP or CRL server; "+remedy)
	}
	return found(stepRevocation, verify.ReasonRevoked, "has a "+by+" by a certificate of which its OCSP or CRL server "+
		"does not know whether it is revoked; "+remedy)
}
