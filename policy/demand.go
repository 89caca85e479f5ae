package policy

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	// The limits of the CRD, for policies in files.
	maxDemands    = 32
	maxIdentities = 64
	maxTrustRoot  = 256 << 10
)

var errNoSigstore = errors.New("cannot be judged by this command")

// Demand is an entry of spec.signatures that is ready to be judged. It never changes.
type Demand struct {
	verify.Demand
	// Name is the demand's name, Action what it leads to that it is not met.
	Name   string
	Action Action

	repositories repositories
}

// Concerns reports whether the demand is for the artifact of a source. What has no canonical name might be any repository's.
func (d *Demand) Concerns(s flux.Source) bool {
	switch s.Form {
	case flux.FormOCIRepository, flux.FormHelmChart:
		return s.Problem != "" || s.Repository.IsZero() || d.repositories.match(s.Repository)
	case flux.FormHelmRepository: // its url may change below the charts that were named in it
		return s.Problem != "" || d.repositories.below(s.Repository)
	default: // no artifact of a registry, or not this object's to name
		return false
	}
}

// Demands are the policy's demands on signatures. The slice is read-only.
func (p *Policy) Demands() []*Demand { return p.demands }

// Sigstore reads what only sigstore's own libraries can read of a policy, so that they need not be where no signature is
// verified.
type Sigstore interface {
	// CheckTrustedRoot returns why a text is no trusted root; its error completes "the trusted root …".
	CheckTrustedRoot(text []byte) error
	// ImagePolicy reads a ClusterImagePolicy in JSON. Its error says everything that is wrong with it.
	ImagePolicy(document []byte) (verify.ImagePolicy, error)
}

// compileDemands makes the policy's demands of spec.signatures, noting whatever is wrong.
// Its error is ours.
func (l *Library) compileDemands(p *Policy, spec v1alpha1.SourcePolicySpec, found *problems) (err error) {
	if len(spec.Signatures) > maxDemands {
		found.add("spec.signatures", "must have %d entries or fewer, has %d", maxDemands, len(spec.Signatures))
		return nil
	}
	known := map[string]bool{}
	for i, written := range spec.Signatures {
		at := indexed("spec.signatures", i)
		switch {
		case written.Name == "":
			found.add(at+".name", "is required")
		case !customName.MatchString(written.Name):
			found.add(at+".name", "%q is no name for a demand: write lower-case letters, digits and hyphens, at most 63", written.Name)
		case known[written.Name]:
			found.add(at+".name", "%s stands twice in this policy: rename one", written.Name)
		}
		known[written.Name] = true
		d := &Demand{Name: written.Name, Action: p.action}
		if d.repositories, err = l.repositories(at+".repositories", written.Repositories, found); err != nil {
			return err
		}
		if written.Action != "" {
			d.Action = Action(oneOfNames(found, at+".action", string(written.Action), actions()))
		}
		d.Demand = l.compileDemand(at, written, found)
		p.demands = append(p.demands, d)
	}
	return nil
}

func (l *Library) compileDemand(at string, written v1alpha1.SignatureDemand, found *problems) verify.Demand {
	own := len(written.Keys)+len(written.Identities) > 0
	switch policies := written.ClusterImagePolicies; {
	case policies != nil && (own || written.TrustedRoot != ""):
		found.add(at+".clusterImagePolicies",
			"say themselves whom they trust: write keys, identities and trustedRoot into a demand of their own")
	case policies != nil:
		return l.imagePolicies(at+".clusterImagePolicies", *policies, found)
	case !own:
		found.add(at, "it trusts nobody, so nothing could meet it: set keys, identities or clusterImagePolicies")
	case written.TrustedRoot != "" && len(written.Identities) == 0:
		found.add(at+".trustedRoot", "is for identities, and there are none")
	}
	cosign := &verify.Cosign{}
	for i, text := range written.Keys {
		key, err := verify.ParsePublicKey([]byte(text))
		if err != nil {
			found.add(indexed(at+".keys", i), "%v: write the content of a cosign.pub", err)
			continue
		}
		cosign.Keys = append(cosign.Keys, key)
	}
	if len(written.Identities) > maxIdentities {
		found.add(at+".identities", "must have %d entries or fewer, has %d", maxIdentities, len(written.Identities))
	}
	for i, identity := range written.Identities {
		cosign.Identities = append(cosign.Identities, identityOf(indexed(at+".identities", i), identity, found))
	}
	if written.TrustedRoot != "" {
		cosign.TrustedRoot = []byte(written.TrustedRoot)
		l.checkTrustedRoot(at+".trustedRoot", cosign.TrustedRoot, found)
	}
	return verify.Demand{Cosign: cosign}
}

func (l *Library) checkTrustedRoot(at string, text []byte, found *problems) {
	err := errNoSigstore
	switch {
	case len(text) > maxTrustRoot:
		err = fmt.Errorf("has more than %d bytes", maxTrustRoot)
	case l.Sigstore != nil:
		err = l.Sigstore.CheckTrustedRoot(text)
	}
	if err != nil {
		found.add(at, "%v", err)
	}
}

// identityOf anchors the expressions: what matches somewhere in a text is matched by texts of anybody's choice.
func identityOf(at string, written v1alpha1.SignatureIdentity, found *problems) verify.CertificateIdentity {
	anchored := func(field, exact, pattern string) string {
		if (exact == "") == (pattern == "") {
			found.add(at, "set either %s or %sRegExp", field, field)
		}
		if pattern == "" {
			return ""
		}
		if _, err := regexp.Compile(pattern); err != nil { // by itself, or ")|(" would break out of what follows
			found.add(at+"."+field+"RegExp", "%q is no regular expression: %v", pattern, err)
			return ""
		}
		whole := `\A(?:` + pattern + `)\z`
		if compiled, err := regexp.Compile(whole); err != nil || compiled.MatchString("") {
			found.add(at+"."+field+"RegExp", "%q matches the empty text, and so says nothing: write what it must be", pattern)
		}
		return whole
	}
	return verify.CertificateIdentity{
		Issuer: written.Issuer, IssuerRegExp: anchored("issuer", written.Issuer, written.IssuerRegExp),
		Subject: written.Subject, SubjectRegExp: anchored("subject", written.Subject, written.SubjectRegExp),
	}
}

func indexed(at string, i int) string { return fmt.Sprintf("%s[%d]", at, i) }
