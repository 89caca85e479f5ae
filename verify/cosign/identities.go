package cosign

import (
	"crypto/x509"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/fluxgate/fluxgate/verify"
)

// identitiesOf makes the identities of a demand ready; where they are at fault, it says so. A certificate is compared by the
// same name that a signature then tells as its signer (sigstore-go, certificate.SummarizeCertificate).
func identitiesOf(given []verify.CertificateIdentity) (sigstore.CertificateIdentities, *verify.Signature) {
	refuse := func(reason verify.Reason, message string) (sigstore.CertificateIdentities, *verify.Signature) {
		refusal := verify.Unverified(reason, message)
		return nil, &refusal
	}
	switch {
	case len(given) == 0:
		return refuse(verify.ReasonAnyIdentity, "is to be verified without keys and without identities, so that anybody's signature "+
			"would do; name the issuer and the subject of whoever may sign it")
	case len(given) > maxIdentities:
		return refuse(verify.ReasonBadIdentity, fmt.Sprintf("is to be verified for more than %d identities; name fewer", maxIdentities))
	}
	identities := make(sigstore.CertificateIdentities, 0, len(given))
	for i, one := range given {
		if one.Issuer+one.IssuerRegExp == "" || one.Subject+one.SubjectRegExp == "" {
			return refuse(verify.ReasonAnyIdentity, fmt.Sprintf("is to be verified for identity %d, which lacks its issuer or its "+
				"subject, so that too many signatures would do; name both", i+1))
		}
		identity, err := sigstore.NewShortCertificateIdentity(one.Issuer, one.IssuerRegExp, one.Subject, one.SubjectRegExp)
		if err != nil {
			return refuse(verify.ReasonBadIdentity, fmt.Sprintf("is to be verified for identity %d, whose issuer or subject is no "+
				"regular expression (RE2); mend it", i+1))
		}
		identities = append(identities, identity)
	}
	return identities, nil
}

func signerOf(summary certificate.Summary) verify.Signer {
	return verify.Signer{Issuer: summary.Issuer, Subject: summary.SubjectAlternativeName}
}

// wrongIdentity quotes a certificate that was verified.
func wrongIdentity(leaf *x509.Certificate) verify.Signature {
	summary, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return untrusted()
	}
	return verify.Unverified(verify.ReasonWrongIdentity, fmt.Sprintf(
		"has a cosign signature by %s (issuer %s), and none by an identity that is asked for; sign it as such a one, or ask for this one",
		quoted(summary.SubjectAlternativeName), quoted(summary.Issuer)))
}

func quoted(text string) string {
	if len(text) > maxQuoted {
		return fmt.Sprintf("%q…", text[:maxQuoted])
	}
	return fmt.Sprintf("%q", text)
}

func expired() verify.Signature {
	return verify.Unverified(verify.ReasonExpired,
		"has a cosign signature whose certificate was not valid when it was made, as the transparency log has it; sign it again")
}

func untrusted() verify.Signature {
	return verify.Unverified(verify.ReasonWrongKey, "has cosign signatures, none of which is a valid keyless one that the trusted root "+
		"proves; sign it keyless and with an entry in the transparency log, or give the trusted root of those who signed it")
}
