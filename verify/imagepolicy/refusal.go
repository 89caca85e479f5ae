package imagepolicy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci"
	sigpolicy "github.com/sigstore/cosign/v3/pkg/policy"
	webhookcip "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"

	"github.com/fluxgate/fluxgate/verify"
)

const (
	// maxShown bounds how many authorities a message names.
	maxShown = 4
	// cosignSigns is the predicate type of the bundles that cosign 3 writes for `cosign sign`.
	cosignSigns = "https://sigstore.dev/cosign/sign/v1"
)

// refusal is why an authority, or the policy over all of them (where it has no name), does not admit an artifact. The
// library's texts are not shown, as they quote what the registry said.
type refusal struct {
	authority string
	reason    verify.Reason
	clause    string // after the name of the authority and a colon
}

// refuse is the verdict of a policy that none of its authorities admits by.
func (p *Policy) refuse(refused []refusal) verify.Signature {
	reason := refused[0].reason
	var clauses []string
	for i, why := range refused {
		if why.reason != reason {
			reason = verify.ReasonImagePolicy
		}
		switch {
		case i == maxShown:
			clauses = append(clauses, fmt.Sprintf("and %d more", len(refused)-maxShown))
		case i > maxShown:
		case why.authority == "":
			clauses = append(clauses, why.clause)
		default:
			clauses = append(clauses, "authority "+why.authority+": "+why.clause)
		}
	}
	message := fmt.Sprintf("is refused by ClusterImagePolicy %s: %s", p.name, strings.Join(clauses, "; "))
	if p.compiled.Mode == "warn" {
		return verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy, Warnings: []string{message}}
	}
	return verify.Unverified(reason, message)
}

func refuseStatic(authority *webhookcip.Authority) *refusal {
	clause := "refuses everything"
	if said := authority.Static.Message; said != "" {
		clause += fmt.Sprintf(", and says %q", said)
	}
	return &refusal{authority: authority.Name, reason: verify.ReasonImagePolicy, clause: clause}
}

func refuseSignatures(authority *webhookcip.Authority, fingerprint string, err error) *refusal {
	if bundle := refuseBundle(authority); bundle != nil {
		return bundle
	}
	why := &refusal{authority: authority.Name, reason: verify.ReasonMalformed, clause: "its signatures cannot be read: sign it anew"}
	switch {
	case errors.As(err, new(*cosign.ErrNoSignaturesFound)):
		why.reason = verify.ReasonUnsigned
		why.clause = "there is no signature where policy-controller looks, at the tag sha256-….sig: sign it by " +
			"`cosign sign --new-bundle-format=false --use-signing-config=false`"
	case errors.As(err, new(*oci.MaxLayersExceeded)):
		why.reason, why.clause = verify.ReasonTooMany, "there are more than 1000 signatures, which are not looked at: delete the tag sha256-….sig, and sign it anew"
	case errors.As(err, new(*cosign.ErrNoMatchingSignatures)):
		why.reason, why.clause = mismatch(authority, fingerprint, "signature", "sign")
	}
	return why
}

func refuseAttestations(authority *webhookcip.Authority, fingerprint string, err error) *refusal {
	if bundle := refuseBundle(authority); bundle != nil {
		return bundle
	}
	wanted := make([]string, 0, len(authority.Attestations))
	for _, attestation := range authority.Attestations {
		wanted = append(wanted, attestation.Name)
	}
	why := &refusal{authority: authority.Name, reason: verify.ReasonImagePolicy,
		clause: fmt.Sprintf("its attestations are not all there, of the type that it asks for, or its policy warns of one (%s): attest what is missing", strings.Join(wanted, ", "))}
	switch {
	case errors.As(err, new(*sigpolicy.EvaluationFailure)):
		why.clause = fmt.Sprintf("an attestation is not as its policy wants it (%s): mend what it says, and attest it anew", strings.Join(wanted, ", "))
	case errors.As(err, new(*cosign.ErrNoMatchingAttestations)):
		why.reason, why.clause = mismatch(authority, fingerprint, "attestation", "attest")
	}
	return why
}

// mismatch says that what is there is not by whom it should be. The library does not tell more than that.
func mismatch(authority *webhookcip.Authority, fingerprint, what, do string) (verify.Reason, string) {
	also := ""
	if authority.CTLog != nil {
		also = ", with its entry in a log of the trusted root"
	}
	if fingerprint != "" {
		return verify.ReasonWrongKey, fmt.Sprintf("there is no %s of this digest by the key %s%s: %s it with that key", what, fingerprint, also, do)
	}
	return verify.ReasonWrongIdentity, fmt.Sprintf(
		"there is no %s of this digest by an identity that it names, certified by the trusted root%s: have one of them %s it", what, also, do)
}

// refuseBundle explains what policy-controller 0.15.1 never admits, whatever is signed.
func refuseBundle(authority *webhookcip.Authority) *refusal {
	why := &refusal{authority: authority.Name, reason: verify.ReasonImagePolicy}
	switch {
	case authority.SignatureFormat != "bundle":
		return nil
	case authority.Keyless == nil:
		why.clause = "policy-controller 0.15.1 verifies no bundle by a key (the authority must be keyless): leave signatureFormat out " +
			"and sign without --new-bundle-format, or demand the key by spec.signatures[].keys of a SourcePolicy, which reads bundles"
	case len(authority.Attestations) == 0:
		why.clause = "policy-controller 0.15.1 reads bundles as attestations only: add attestations with predicateType " + cosignSigns +
			", which is what `cosign sign` writes, or leave signatureFormat out"
	default:
		return nil
	}
	return why
}
