package check

import (
	"errors"
	"slices"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// ClassBadObject is the class of a NotJudged that the user must mend: an object that Flux's own schema would refuse.
const ClassBadObject = "bad-object"

// Result is what the gate said of one object. Its lists are never nil.
type Result struct {
	Object Object `json:"object"`
	// Decision is allow, warn, deny or error; error means that the gate could not tell.
	Decision string `json:"decision"`
	// Skipped says why the object passed unjudged; empty where it was judged.
	Skipped string `json:"skipped,omitempty"`
	// Sources are what the object makes Flux pull; of an object that cannot be read, none.
	Sources    []Source    `json:"sources"`
	Violations []Violation `json:"violations"`
	Pins       []Pin       `json:"pins"`
	NotJudged  []NotJudged `json:"notJudged"`
	Notes      []Note      `json:"notes"`
}

// Object names an object and where it was read.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	// Name is empty where GenerateName is set instead.
	Name         string `json:"name"`
	GenerateName string `json:"generateName,omitempty"`
	File         string `json:"file"`
	// Line is that of the file on which the document of the object begins.
	Line int `json:"line"`
}

// Source is one declaration that makes Flux pull something, as the rules read it.
type Source struct {
	Path string `json:"path"`
	// Form is one of flux.Form: oci-repository, helm-chart, …
	Form string `json:"form"`
	// Repository is the canonical repository; empty where there is none.
	Repository string `json:"repository,omitempty"`
	// Provider is the cloud that the host belongs to: aws, gcp, azure or generic; empty without a repository.
	Provider string `json:"provider,omitempty"`
}

// Violation is one rule that the object breaks.
type Violation struct {
	Policy string `json:"policy"`
	Rule   string `json:"rule"`
	// Action is Deny, Warn, Audit or Skip.
	Action      string `json:"action"`
	Path        string `json:"path"`
	Message     string `json:"message"`
	Remediation string `json:"remediation"`
	// Exception covers the violation; absent unless Action is Skip.
	Exception *Exception `json:"exception,omitempty"`
}

// Exception is a PolicyException that covers a violation.
type Exception struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Reason    string    `json:"reason"`
	Until     time.Time `json:"until"`
}

// Pin is a digest that Fluxgate writes on admission.
type Pin struct {
	Path   string `json:"path"`
	From   string `json:"from"`
	Digest string `json:"digest"`
	// Dry: a policy in Audit only reports the pin.
	Dry bool `json:"dry,omitempty"`
}

// NotJudged is something that could not be judged.
type NotJudged struct {
	// Policy is the policy that asked; empty where it is the object that cannot be read.
	Policy  string `json:"policy,omitempty"`
	Path    string `json:"path"`
	Class   string `json:"class"`
	Message string `json:"message"`
	// Detail is what is behind it, such as an address or an answer; empty unless Judge.Details is set.
	Detail string `json:"detail,omitempty"`
}

// Note is a remark that changes no decision.
type Note struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

func emptyResult(found *item, verdict gate.Verdict) Result {
	u := found.object
	return Result{
		Object: Object{
			APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(),
			Name: u.GetName(), GenerateName: generateName(found), File: found.file, Line: found.line,
		},
		Decision:   verdict.String(),
		Sources:    []Source{},
		Violations: []Violation{},
		Pins:       []Pin{},
		NotJudged:  []NotJudged{},
		Notes:      []Note{},
	}
}

func generateName(found *item) string {
	if found.object.GetName() != "" {
		return ""
	}
	return found.object.GetGenerateName()
}

// newResult joins the decisions of both calls. What the mutating call could not judge is left out: the validating one
// judges it again, and says so itself.
func (j Judge) newResult(found *item, mutated, decision gate.Decision) Result {
	result := emptyResult(found, decision.Verdict)
	result.Skipped = decision.Skipped
	for _, v := range decision.Violations {
		result.Violations = append(result.Violations, Violation{
			Policy: v.Policy, Rule: v.Rule, Action: string(v.Action), Path: v.Path, Message: v.Message, Remediation: v.Remediation,
			Exception: newException(v.Exception),
		})
	}
	for _, p := range slices.Concat(mutated.Pins, decision.Pins) {
		result.Pins = appendNew(result.Pins, Pin(p))
	}
	for _, f := range decision.Failures {
		n := NotJudged{Policy: f.Policy, Path: f.Path, Class: f.Class, Message: f.Message}
		if j.Details && f.Err != nil {
			n.Detail = f.Err.Error()
		}
		result.NotJudged = appendNew(result.NotJudged, n)
	}
	for _, n := range slices.Concat(mutated.Notes, decision.Notes) {
		result.Notes = appendNew(result.Notes, Note(n))
	}
	return result
}

func newException(e *policy.Exception) *Exception {
	if e == nil {
		return nil
	}
	return &Exception{Namespace: e.Namespace, Name: e.Name, Reason: e.Reason, Until: e.Until.UTC()}
}

// failedResult is for an object about which the gate says nothing: a bad one, or a defect of the gate.
func failedResult(found *item, err error) Result {
	result := emptyResult(found, gate.Undecided)
	failure := NotJudged{Class: "internal", Message: err.Error()}
	if bad := (*flux.ObjectError)(nil); errors.As(err, &bad) {
		failure = NotJudged{Path: bad.Path, Class: ClassBadObject, Message: bad.Message}
		if bad.Remedy != "" {
			failure.Message += "; " + bad.Remedy
		}
	}
	result.NotJudged = append(result.NotJudged, failure)
	return result
}

func appendNew[T comparable](list []T, element T) []T {
	if slices.Contains(list, element) {
		return list
	}
	return append(list, element)
}

// has reports whether something of the class could not be judged.
func (r Result) has(class string) bool {
	return slices.ContainsFunc(r.NotJudged, func(n NotJudged) bool { return n.Class == class })
}

// offline reports whether something could not be judged only because nobody may be asked.
func (r Result) offline() bool { return r.has(string(registry.ClassOffline)) }
