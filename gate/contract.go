package gate

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/policy"
)

// Operation is what happens to the object.
type Operation string

// The operations that are reviewed.
const (
	Create Operation = "CREATE"
	Update Operation = "UPDATE"
)

// Request is one object to review. The gate never changes what it points to.
type Request struct {
	Operation Operation
	Object    *unstructured.Unstructured
	// Old is the object as it is stored; nil on Create.
	Old *unstructured.Unstructured
	// DryRun: nothing will be stored. What is applied together is dry-run together before any of it is stored
	// (kustomize-controller, kubectl diff), so that a Secret or a ServiceAccount which does not exist keeps nothing out.
	DryRun bool
	// Bypass reports whether the user may bypass a policy by its name; nil means that nobody may. It is asked only where
	// the policy would keep the object out, and at most once a policy.
	Bypass Bypass
}

// Bypass reports whether whoever sends a request may bypass a policy. Its error means that this could not be told, which
// counts as no.
type Bypass func(ctx context.Context, policy string) (bool, error)

// Verdict is the answer of a review.
type Verdict int

// The verdicts. The zero value is Undecided, so that a forgotten one admits nothing.
const (
	Undecided Verdict = iota
	Allow
	Warn
	Deny
)

// String gives the verdict as reports and metrics write it: allow, warn, deny, error.
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case Warn:
		return "warn"
	case Deny:
		return "deny"
	default:
		return "error"
	}
}

// Decision is the outcome of a review, the same through every door.
type Decision struct {
	// Verdict is Undecided only where an infrastructure error kept the gate from judging and onError says Deny; where
	// onError says Warn or Allow, the verdict is that of what could be judged, and Failures still says what could not.
	Verdict Verdict
	// Skipped says why the object passed unjudged ("unchanged", "deleting", "suspending", "no policy matches"); empty
	// where it was judged.
	Skipped string
	// Violations are all that were found, sorted: strictest action first, then policy, rule, path.
	Violations []policy.Violation
	// Failures say what could not be judged and why.
	Failures []Failure
	// Notes are for the user, and change no verdict: untraceable sources, other namespaces that it is judged for.
	Notes []Note
	// Pins are the digests that were (or, under Audit, would be) written.
	Pins []Pin
	// Bypassed are the policies that would have kept the object out, and that the user bypassed.
	Bypassed []string
}

// Failure is one thing that could not be judged.
type Failure struct {
	// Policy settles the failure (policy.Policy.Failing); empty where no policy could be asked.
	Policy  string
	OnError policy.Action // Deny, Warn or (for Allow) Audit
	Path    string
	// Class is bounded, for metrics: a registry.Class, "rule", "policy", "namespace", "lookup", "keys", "not-asked",
	// "signature", "trust-root", "access".
	Class string
	// Message is safe to show: it names the class, never an address or an answer's body.
	Message string
	// Offline: nobody was asked because the check is offline, or was given no such Secret; then it does not make the verdict Undecided.
	Offline bool
	// Err is the detail, for the log only; may be nil.
	Err error

	// missing: it is that a Secret or a ServiceAccount does not exist.
	missing bool
	// blind: among what could not be judged may be an allow-list, so that nothing may be dialled.
	blind bool
}

// Note is a remark about the object at a path.
type Note struct{ Path, Message string }

// Pin is a digest written, or that would be written, into the object.
type Pin struct {
	Path   string // "spec.ref.digest"
	From   string // "tag v1.0.0"
	Digest string
	// Dry: a policy in Audit reports the pin and writes nothing.
	Dry bool
}

// Reviewer is what the doors call.
type Reviewer interface {
	// Mutate returns the object as it should be stored (the same pointer where nothing changes) and what it pinned.
	// It denies only bad objects, by an *flux.ObjectError; infrastructure failures leave the object unpinned.
	Mutate(ctx context.Context, req Request) (*unstructured.Unstructured, Decision, error)
	// Validate judges the final object. The error is an *flux.ObjectError (the user's bad object); everything
	// else, infrastructure included, is in the Decision.
	Validate(ctx context.Context, req Request) (Decision, error)
}

// String is one line for users: "[policy] path: message".
func (f Failure) String() string {
	if f.Policy == "" {
		return f.Path + ": " + f.Message
	}
	return "[" + f.Policy + "] " + f.Path + ": " + f.Message
}
