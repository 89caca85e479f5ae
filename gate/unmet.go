package gate

import (
	"fmt"
	"slices"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/pin"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/verify"
)

// RuleSignatures is broken by an artifact that does not meet a demand of spec.signatures. The gate judges it itself: it is about
// a digest, and must not be judged of another one than that which is stored.
const RuleSignatures = "signatures"

// unmet is the violation of a demand. Of an object in another namespace it tells no more than that.
func (r *review) unmet(i int, p *policy.Policy, d *policy.Demand, signature verify.Signature) policy.Violation {
	s := r.now.sources[i]
	v := policy.Violation{
		Policy: p.Name(), Rule: RuleSignatures, Action: d.Action, Path: s.Path, Source: i,
		Message: fmt.Sprintf("demand %s: the artifact %s", d.Name, signature.Message),
		// The message says already how to sign.
		Remediation: "whose signature counts is the policy's to say, not the object's: ask its administrators, or pull an artifact that meets it",
	}
	switch {
	case signature.Reason == verify.ReasonNoRepository && s.Origin == nil:
		v.Path = s.Path + ".url"
		v.Remediation = fmt.Sprintf("write %s plainly, as in oci://ghcr.io/acme/app", v.Path)
	case s.Form == flux.FormHelmRepository:
		v.Path = s.Path + ".url"
		v.Message = fmt.Sprintf("demand %s: no chart of it can have a digest, so none could meet the demand", d.Name)
		v.Remediation = "use OCIRepositories with digests, named by chartRef"
	case s.Form == flux.FormHelmChart:
		v.Remediation = "use an OCIRepository with a digest, by a chartRef: a chart of a HelmRepository has none"
	case signature.Reason == verify.ReasonNoDigest && s.Origin == nil:
		v.Path = pin.DigestPath(s)
		v.Remediation = fmt.Sprintf("set %s, or have it pinned by spec.pin of a policy", v.Path)
	case s.Origin == nil:
		v.Path = pin.DigestPath(s)
	case s.Origin.Namespace != r.now.object.GetNamespace():
		v.Message = fmt.Sprintf("%s does not meet the demand %s on its signature", referent(s), d.Name)
		v.Remediation = "ask those who own it to change it, or refer to another source"
	default:
		v.Message = fmt.Sprintf("%s: %s", referent(s), v.Message)
	}
	return v
}

// warned says what speaks against an artifact; of an object in another namespace no more than that something does.
func (r *review) warned(s flux.Source, warning string) string {
	if s.Origin != nil && s.Origin.Namespace != r.now.object.GetNamespace() {
		return fmt.Sprintf("a ClusterImagePolicy warns of what %s makes Flux pull; ask those who own it", referent(s))
	}
	return "the artifact " + warning
}

func (r *review) noteOnce(n Note) {
	if !slices.Contains(r.notes, n) {
		r.notes = append(r.notes, n)
	}
}
