package notation

import (
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"

	"github.com/fluxgate/fluxgate/verify"
)

// Options say how a Verifier works. The zero value is usable.
type Options struct {
	// Revocation sends requests to the OCSP and CRL servers that certificates name, whose hosts are the choice of whoever had
	// them issued: it must be guarded. Nil means that nobody is asked. Where a certificate names such a server, its
	// revocation is then unknown, which is judged as notation judges servers that do not answer: a trust policy that
	// enforces revocation (strict does) refuses the signature, one that logs or skips it does not; a timestamp is refused.
	Revocation http.RoundTripper
}

// Verifier verifies by one trust policy.
type Verifier struct {
	options Options
	policy  *trustpolicy.Document
	store   *store
	// problem is what is wrong with the Secret; empty where nothing is.
	problem string
}

// Compile reads what the Secret of a verify block says. A Secret that is of no use makes a Verifier that refuses everything.
func Compile(material verify.Notation, options Options) *Verifier {
	v := &Verifier{options: options}
	if v.policy, v.problem = readPolicy(material.TrustPolicy); v.problem == "" {
		v.store, v.problem = readCertificates(material.Certificates)
	}
	return v
}

// Refusal is why no signature of an artifact in the repository could count, whatever the registry holds; false where one
// could. It is what Verify would say, and sends nothing.
func (v *Verifier) Refusal(repository name.Repository) (verify.Signature, bool) {
	_, refusal := v.statement(repository)
	return refusal, refusal.Reason != ""
}

// statement is the statement of the trust policy that is for the repository, or why there is none that can be relied on.
func (v *Verifier) statement(repository name.Repository) (*trustpolicy.TrustPolicy, verify.Signature) {
	if v.problem != "" {
		return nil, verify.Unverified(verify.ReasonSecret, "cannot be verified: the Secret of its verify block "+v.problem)
	}
	found, err := v.policy.GetApplicableTrustPolicy(repository.Name() + "@")
	if err != nil { // it is of one kind only
		return nil, verify.Unverified(verify.ReasonNoMatch, unmatched(repository.Name()))
	}
	path := v.path(found)
	if weak := weakness(found, path); weak != "" {
		return nil, verify.Unverified(verify.ReasonWeakTrustPolicy, weak)
	}
	if useless := uselessness(found, path); useless != "" {
		return nil, verify.Unverified(verify.ReasonSecret, useless)
	}
	return found, verify.Signature{}
}
