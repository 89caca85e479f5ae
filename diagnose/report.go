package diagnose

// Status is what became of a step.
type Status string

// The statuses.
const (
	// Passed: Flux gets past this step.
	Passed Status = "passed"
	// Failed: Flux fails here, or reviews do, which are stricter about urls, tags and Secrets.
	Failed Status = "failed"
	// Skipped: the step was not looked at, on purpose: a step before it failed, or there is nothing to do.
	Skipped Status = "skipped"
	// Unknown: it could not be told whether Flux gets past this step.
	Unknown Status = "unknown"
)

// The names of the steps.
const (
	URL         = "url"
	Credentials = "credentials"
	Reach       = "reach"
	Auth        = "auth"
	Ref         = "ref"
	Manifest    = "manifest"
	Signature   = "signature"
)

// Step is one step of a walk.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Detail is what was found, in one line.
	Detail string `json:"detail,omitempty"`
	// Remedy says what to do where the step failed, or could not be told; empty otherwise.
	Remedy string `json:"remedy,omitempty"`
	// Because is what is behind the detail: an address, a status. It is given only where it is asked for (Walker.Details).
	Because string `json:"because,omitempty"`
}

// Diagnosis is the walk of one OCIRepository.
type Diagnosis struct {
	Object Object `json:"object"`
	// Steps are all steps, in order.
	Steps []Step `json:"steps"`
}

// Object names what was diagnosed.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// For is the object that refers to this one, and that the diagnosis was asked for: "HelmRelease apps/podinfo".
	For string `json:"for,omitempty"`
	// Suspended objects are walked all the same; Flux does not pull for them.
	Suspended bool `json:"suspended,omitempty"`
}

// FailedAt is the name of the step that failed; empty where none did.
func (d Diagnosis) FailedAt() string { return d.first(Failed) }

func (d Diagnosis) first(status Status) string {
	for _, step := range d.Steps {
		if step.Status == status {
			return step.Name
		}
	}
	return ""
}

// Report is what was diagnosed.
type Report struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Results    []Diagnosis `json:"results"`
}

// NewReport is a report of diagnoses in the order given.
func NewReport(all []Diagnosis) *Report {
	return &Report{APIVersion: "fluxgate.dev/v1alpha1", Kind: "DiagnosisReport", Results: append([]Diagnosis{}, all...)}
}

// Outcome is what a report comes to: Failed where any step failed, else Unknown where any could not be told, else Passed.
func (r *Report) Outcome() Status {
	outcome := Passed
	for _, d := range r.Results {
		if d.first(Failed) != "" {
			return Failed
		}
		if d.first(Unknown) != "" {
			outcome = Unknown
		}
	}
	return outcome
}
