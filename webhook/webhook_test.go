package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/webhook"
)

var update = flag.Bool("update", false, "write the golden files")

// reviewer answers with what a test gives it.
type reviewer struct {
	decision gate.Decision
	err      error
	mutate   func(*unstructured.Unstructured)
	deadline time.Duration // what was left at the call
}

func (r *reviewer) Validate(ctx context.Context, _ gate.Request) (gate.Decision, error) {
	r.see(ctx)
	return r.decision, r.err
}

func (r *reviewer) Mutate(ctx context.Context, req gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	r.see(ctx)
	if r.mutate == nil {
		return req.Object, r.decision, r.err
	}
	obj := req.Object.DeepCopy()
	r.mutate(obj)
	return obj, r.decision, r.err
}

func (r *reviewer) see(ctx context.Context) {
	if deadline, set := ctx.Deadline(); set {
		r.deadline = time.Until(deadline)
	}
}

// serve gives a server with the webhooks of r, and their registry of metrics.
func serve(t *testing.T, r gate.Reviewer) (*httptest.Server, *prometheus.Registry) {
	t.Helper()
	return serveWith(t, webhook.Options{Reviewer: r})
}

// serveWith gives a server with the webhooks of o, whose metrics it replaces.
func serveWith(t *testing.T, o webhook.Options) (*httptest.Server, *prometheus.Registry) {
	t.Helper()
	metrics := prometheus.NewRegistry()
	var err error
	if o.Metrics, err = webhook.NewMetrics(metrics); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	webhook.Register(registerer{mux}, o)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, metrics
}

type registerer struct{ mux *http.ServeMux }

func (r registerer) Register(path string, hook http.Handler) { r.mux.Handle(path, hook) }

// post sends a body and returns the response of the review.
func post(t *testing.T, url, contentType string, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	resp, err := http.Post(url, contentType, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("HTTP status %d, want 200: anything else leaves the decision to failurePolicy", resp.StatusCode)
	}
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(resp.Body).Decode(&review); err != nil {
		t.Fatal(err)
	}
	return review.Response
}

// review is an AdmissionReview with the given operation and objects; an empty object is left out.
func review(operation, object, old string) []byte {
	or := func(s string) string {
		if s == "" {
			return "null"
		}
		return s
	}
	return []byte(fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{
		"uid":"u1","operation":%q,"namespace":"prod","name":"app","kind":{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"},
		"object":%s,"oldObject":%s}}`, operation, or(object), or(old)))
}

const app = `{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository","metadata":{"name":"app","namespace":"prod"},"spec":{"url":"oci://ghcr.io/acme/app","ref":{"tag":"v1"}}}`

func denied() gate.Decision {
	return gate.Decision{
		Verdict: gate.Deny,
		Violations: []policy.Violation{
			{Policy: "production", Rule: "registry-allowlist", Action: policy.Deny, Path: "spec.url",
				Message: "evil.example/app is not on the allow-list", Remediation: "use ghcr.io/acme/**"},
			{Policy: "production", Rule: "require-verify", Action: policy.Deny, Path: "spec.verify",
				Message: "there is no verify block", Remediation: "add spec.verify"},
			{Policy: "baseline", Rule: "forbid-tags", Action: policy.Warn, Path: "spec.ref.tag",
				Message: "the tag latest is forbidden", Remediation: strings.Repeat("long ", 80)},
		},
		Failures: []gate.Failure{{Policy: "signed", OnError: policy.Deny, Path: "spec.ref", Class: "unreachable",
			Message: "ghcr.io/acme/app:v1: unreachable", Err: errors.New("dial tcp 10.0.0.7:443: connection refused")}},
		Notes: []gate.Note{{Path: "spec.chartRef", Message: "untraceable"}},
	}
}

// excepted is one of the violations that are denied, had an exception not covered it.
func excepted(i int) policy.Violation {
	v := denied().Violations[i]
	v.Action, v.Exception = policy.Skip, &policy.Exception{
		Namespace: "prod", Name: "legacy", Policy: "production", Reason: "TICKET-1", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}
	return v
}

// bypassed is a violation that is denied to others.
func bypassed() policy.Violation {
	v := denied().Violations[1]
	v.Action, v.Bypassed = policy.Warn, true
	v.Message += " (bypassed: you hold the verb bypass on this SourcePolicy)"
	return v
}

func TestValidateAnswers(t *testing.T) {
	undecided := gate.Decision{Failures: denied().Failures}
	tests := map[string]struct {
		decision gate.Decision
		err      error
	}{
		"allowed":                          {decision: gate.Decision{Verdict: gate.Allow}},
		"skipped":                          {decision: gate.Decision{Verdict: gate.Allow, Skipped: "unchanged"}},
		"denied":                           {decision: denied()},
		"undecided":                        {decision: undecided},
		"undecided by a forgotten verdict": {decision: gate.Decision{}},
		"warned": {decision: gate.Decision{Verdict: gate.Warn, Violations: denied().Violations[2:],
			Failures: []gate.Failure{{Policy: "signed", OnError: policy.Warn, Path: "spec.ref", Message: "ghcr.io/acme/app:v1: timeout"}}}},
		"excepted": {decision: gate.Decision{Verdict: gate.Warn, Violations: append(denied().Violations[2:], excepted(0), excepted(1)),
			Notes: denied().Notes}},
		"bypassed":   {decision: gate.Decision{Verdict: gate.Warn, Violations: []policy.Violation{bypassed()}, Bypassed: []string{"baseline", "production"}}},
		"bad object": {err: &flux.ObjectError{Path: "spec.url", Message: "must be a string, is a number"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, _ := serve(t, &reviewer{decision: test.decision, err: test.err})
			got := post(t, server.URL+webhook.ValidatePath, "application/json", review("CREATE", app, ""))
			golden(t, strings.ReplaceAll(name, " ", "-"), got)
		})
	}
}

func golden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(text)); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

func TestMutateAnswersWithNothingButTheChange(t *testing.T) {
	server, _ := serve(t, &reviewer{
		decision: gate.Decision{Verdict: gate.Allow, Pins: []gate.Pin{{Path: "spec.ref.digest", From: "tag v1", Digest: "sha256:a"}}},
		mutate: func(obj *unstructured.Unstructured) {
			_ = unstructured.SetNestedField(obj.Object, "sha256:a", "spec", "ref", "digest")
		},
	})
	got := post(t, server.URL+webhook.MutatePath, "application/json", review("CREATE", app, ""))
	if diff := cmp.Diff(`[{"op":"add","path":"/spec/ref/digest","value":"sha256:a"}]`, string(got.Patch)); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"decision": "allow", "pins": "spec.ref.digest=sha256:a"}, got.AuditAnnotations); diff != "" {
		t.Errorf("audit annotations (-want +got):\n%s", diff)
	}
}

func TestNothingThatIsNoReviewIsAdmitted(t *testing.T) {
	tests := map[string]struct {
		contentType string
		body        []byte
		want        int32
	}{
		"no body":                       {contentType: "application/json", want: 400},
		"no JSON":                       {contentType: "application/json", body: []byte("{"), want: 400},
		"another kind":                  {contentType: "application/json", body: []byte(`{"apiVersion":"v1","kind":"Pod"}`), want: 400},
		"a review without a request":    {contentType: "application/json", body: []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`), want: 400},
		"a review with a null request":  {contentType: "application/json", body: []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`), want: 400},
		"another content type":          {contentType: "text/plain", body: review("CREATE", app, ""), want: 400},
		"a body of 7 MB":                {contentType: "application/json", body: bytes.Repeat([]byte(" "), 7<<20), want: 413},
		"a deletion":                    {contentType: "application/json", body: review("DELETE", "", app), want: 400},
		"a creation without an object":  {contentType: "application/json", body: review("CREATE", "", ""), want: 400},
		"an update without the old one": {contentType: "application/json", body: review("UPDATE", app, ""), want: 400},
		"an object that is a list":      {contentType: "application/json", body: review("CREATE", "[1]", ""), want: 400},
		"an object without a kind":      {contentType: "application/json", body: review("CREATE", `{"metadata":{}}`, ""), want: 400},
		"an unknown kind":               {contentType: "application/json", body: review("CREATE", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`, ""), want: 400},
		"an object of another namespace": {contentType: "application/json",
			body: review("CREATE", strings.ReplaceAll(app, `"prod"`, `"dev"`), ""), want: 400},
	}
	for _, path := range []string{webhook.MutatePath, webhook.ValidatePath} {
		for sentence, test := range tests {
			t.Run(path+" "+sentence, func(t *testing.T) {
				server, _ := serve(t, &reviewer{decision: gate.Decision{Verdict: gate.Allow}})
				got := post(t, server.URL+path, test.contentType, test.body)
				if got.Allowed || got.Result == nil || got.Result.Code != test.want {
					t.Errorf("allowed %v, result %+v, want refused with %d", got.Allowed, got.Result, test.want)
				}
			})
		}
	}
}

func TestAReviewEndsBeforeTheAPIServerStopsWaiting(t *testing.T) {
	tests := map[string]struct {
		query string
		most  time.Duration
	}{
		"its own limit holds without one of the API server's": {most: 8 * time.Second},
		"a shorter one of the API server's holds":             {query: "?timeout=5s", most: 4 * time.Second},
		"a longer one of the API server's does not":           {query: "?timeout=30s", most: 8 * time.Second},
		"one that is no duration does not":                    {query: "?timeout=never", most: 8 * time.Second},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			r := &reviewer{decision: gate.Decision{Verdict: gate.Allow}}
			server, _ := serve(t, r)
			post(t, server.URL+webhook.ValidatePath+test.query, "application/json", review("CREATE", app, ""))
			if r.deadline <= 0 || r.deadline > test.most {
				t.Errorf("%s were left for the review, want at most %s", r.deadline, test.most)
			}
		})
	}
}

func TestMetricsCountByVerdictAndCode(t *testing.T) {
	server, metrics := serve(t, &reviewer{decision: denied()})
	post(t, server.URL+webhook.ValidatePath, "application/json", review("CREATE", app, ""))
	post(t, server.URL+webhook.ValidatePath, "application/json", review("DELETE", "", app))
	want := `
# HELP fluxgate_failures_total What could not be judged, by door and class.
# TYPE fluxgate_failures_total counter
fluxgate_failures_total{class="unreachable",door="validate"} 1
# HELP fluxgate_reviews_total Reviews by door (mutate, validate, policies, namespaces), verdict (skipped where nothing was judged) and status code.
# TYPE fluxgate_reviews_total counter
fluxgate_reviews_total{code="400",door="validate",verdict="error"} 1
fluxgate_reviews_total{code="403",door="validate",verdict="deny"} 1
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "fluxgate_reviews_total", "fluxgate_failures_total"); err != nil {
		t.Error(err)
	}
}

func TestMetricsCountWhatWasSkippedAndBypassed(t *testing.T) {
	server, metrics := serve(t, &reviewer{decision: gate.Decision{
		Verdict: gate.Warn, Violations: []policy.Violation{bypassed(), excepted(0)}, Bypassed: []string{"production"},
	}})
	post(t, server.URL+webhook.ValidatePath, "application/json", review("CREATE", app, ""))
	want := `
# HELP fluxgate_bypasses_total Requests that a policy would have refused and whose user bypassed it, by policy; dry runs included.
# TYPE fluxgate_bypasses_total counter
fluxgate_bypasses_total{policy="production"} 1
# HELP fluxgate_violations_total Violations found by the validating webhooks, by policy, rule and action; Skip where an exception covers them.
# TYPE fluxgate_violations_total counter
fluxgate_violations_total{action="Skip",policy="production",rule="registry-allowlist"} 1
fluxgate_violations_total{action="Warn",policy="production",rule="require-verify"} 1
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "fluxgate_bypasses_total", "fluxgate_violations_total"); err != nil {
		t.Error(err)
	}
}

// FuzzReview sends whatever it likes as a review: the answer is a response, and never an allow that no reviewer gave.
func FuzzReview(f *testing.F) {
	f.Add(review("CREATE", app, ""))
	f.Add(review("UPDATE", app, app))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"object":{"apiVersion":1}}}`))
	f.Add(namespaceReview("UPDATE", shop(""), shop(`,"labels":{"env":"prod"}`)))
	f.Add(ownReview("CREATE", "PolicyException", "prod", `{"apiVersion":"fluxgate.dev/v1alpha1","kind":"PolicyException","metadata":{"name":"a","namespace":"prod"},`+
		`"spec":{"policy":"p","rules":["pin"],"names":["a","b/*"],"reason":"c","until":"2030-01-01T00:00:00Z"}}`, ""))
	f.Add(ownReview("CREATE", "SourcePolicy", "", `{"apiVersion":"fluxgate.dev/v1alpha1","kind":"SourcePolicy","metadata":{"name":"a"},"spec":{"rules":[{"rule":"pin"}]}}`, ""))
	metrics, err := webhook.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	webhook.Register(registerer{mux}, webhook.Options{
		Reviewer: &reviewer{}, Guard: &asking{}, Metrics: metrics,
		Compiler: compiler(func() (*policy.Policy, error) { return nil, &policy.LoadError{} }),
		Policies: func() *policy.Set { return policy.NewSet(nil, nil) },
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{webhook.MutatePath, webhook.ValidatePath, webhook.PoliciesPath, webhook.NamespacesPath} {
			req := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, req)
			var answer admissionv1.AdmissionReview
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Response == nil {
				t.Fatalf("%s: no response: %v in %s", path, err, w.Body)
			}
			if (path == webhook.ValidatePath || path == webhook.NamespacesPath) && answer.Response.Allowed {
				t.Errorf("%s was admitted, though the reviewer decided nothing", body)
			}
			if strings.Contains(answer.Response.Result.Message, "panic") {
				t.Errorf("%s made it panic: %s", body, answer.Response.Result.Message)
			}
		}
	})
}
