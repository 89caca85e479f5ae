package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/webhook"
)

// library is compiled once for all tests.
var library = sync.OnceValues(policy.NewLibrary)

// noon is when the reviews of these tests take place.
func noon() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// authoring are options for the door of policies and exceptions; the policies in force are written in YAML.
func authoring(t *testing.T, inForce string) webhook.Options {
	t.Helper()
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	set := policy.NewSet(nil, nil)
	if inForce != "" {
		if set, err = policy.Parse("test.yaml", []byte(inForce)); err != nil {
			t.Fatal(err)
		}
	}
	return webhook.Options{
		Compiler: lib, Policies: func() *policy.Set { return set }, Now: noon,
		InFiles: func(name string) bool { return name == "taken" },
	}
}

// written is an object of Fluxgate's group, from YAML; metadata is more than its name.
func written(t *testing.T, kind, name, metadata, spec string) string {
	t.Helper()
	text := fmt.Sprintf("apiVersion: fluxgate.dev/v1alpha1\nkind: %s\nmetadata:\n  name: %s\n%sspec:\n%s", kind, name, metadata, spec)
	object, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return string(object)
}

// ownReview is a review of an object of Fluxgate's group.
func ownReview(operation, kind, namespace, object, old string) []byte {
	body := string(review(operation, object, old))
	body = strings.Replace(body, `"namespace":"prod"`, fmt.Sprintf("%q:%q", "namespace", namespace), 1)
	return []byte(strings.Replace(body, `{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"}`,
		fmt.Sprintf(`{"group":"fluxgate.dev","version":"v1alpha1","kind":%q}`, kind), 1))
}

const (
	good   = "  rules: [{rule: require-verify}]\n"
	broken = "  action: deny\n  match: {namespaces: [PROD]}\n  rules: [{rule: require-verfy}, {rule: forbid-tags, params: {tags: [1]}}]\n" +
		"  rego:\n    - name: loop\n      module: |\n        package fluxgate.custom.loop\n\n        violations contains v if {\n          v := http.send({})\n        }\n"
)

func TestPolicyAnswers(t *testing.T) {
	tests := map[string]struct {
		name, metadata, spec string
		was                  string // the stored spec; empty on a creation
		stored               string // more metadata of what is stored
	}{
		"that is good":                                                 {spec: good},
		"with everything that can be wrong":                            {spec: broken},
		"whose name is in a file":                                      {name: "taken", spec: good},
		"that judges nothing":                                          {spec: "  action: Warn\n"},
		"whose date has passed":                                        {spec: good + "  enforceFrom: 2026-11-01T00:00:00Z\n"},
		"whose date is to come":                                        {spec: good + "  enforceFrom: 2026-12-01T00:00:00Z\n"},
		"whose date has passed long since":                             {spec: good + "  action: Warn\n  enforceFrom: 2026-11-01T00:00:00Z\n", was: good + "  enforceFrom: 2026-11-01T00:00:00Z\n"},
		"with a rule that finds nothing":                               {spec: "  match: {kinds: [OCIRepository, Kustomization]}\n  rules: [{rule: require-chart-ref}, {rule: require-verify}]\n"},
		"whose signatures bind nobody":                                 {spec: "  onError: Allow\n  rules: [{rule: signature-verified}]\n"},
		"whose signatures bind nobody, by the rule's own action":       {spec: "  onError: Warn\n  action: Warn\n  rules: [{rule: signature-verified, action: Deny}]\n"},
		"whose signatures are only reported, by the rule's own action": {spec: "  onError: Warn\n  rules: [{rule: signature-verified, action: Warn}, {rule: forbid-insecure}]\n"},
		"whose signatures are only reported":                           {spec: "  onError: Allow\n  action: Warn\n  rules: [{rule: signature-verified}]\n"},
		"that is broken by an update":                                  {spec: "  rules: [{rule: require-verfy}]\n", was: good},
		"that is mended":                                               {spec: good, was: "  rules: [{rule: require-verfy}]\n"},
		"broken policy that only gets a label":                         {metadata: "  labels: {a: b}\n", spec: "  rules: [{rule: require-verfy}]\n", was: "  rules: [{rule: require-verfy}]\n"},
		"broken policy that is being deleted":                          {spec: "  rules: [{rule: require-verfy}]\n", was: good, stored: "  deletionTimestamp: 2026-01-01T00:00:00Z\n"},
		"that says it is being deleted":                                {metadata: "  deletionTimestamp: 2026-01-01T00:00:00Z\n", spec: "  rules: [{rule: require-verfy}]\n", was: good},
		"with a field of another type":                                 {spec: "  rules: [{rule: require-verify, action: 5}]\n"},
		"that is a list":                                               {spec: "  - rules\n"},
		"without a spec":                                               {spec: "  null\n"},
	}
	server, _ := serveWith(t, authoring(t, ""))
	answers := map[string]any{}
	for sentence, test := range tests {
		if test.name == "" {
			test.name = "production"
		}
		object, old, operation := written(t, "SourcePolicy", test.name, test.metadata, test.spec), "", "CREATE"
		if test.was != "" {
			old, operation = written(t, "SourcePolicy", test.name, test.stored, test.was), "UPDATE"
		}
		answers[sentence] = post(t, server.URL+webhook.PoliciesPath, "application/json", ownReview(operation, "SourcePolicy", "", object, old))
	}
	golden(t, "policies", answers)
}

// TestAnAnswerIsWhatTheStatusWillSay: both are the text of the same error.
func TestAnAnswerIsWhatTheStatusWillSay(t *testing.T) {
	o := authoring(t, "")
	server, _ := serveWith(t, o)
	object := written(t, "SourcePolicy", "production", "", broken)
	got := post(t, server.URL+webhook.PoliciesPath, "application/json", ownReview("CREATE", "SourcePolicy", "", object, ""))
	var stored v1alpha1.SourcePolicy
	if err := yaml.Unmarshal([]byte(object), &stored); err != nil {
		t.Fatal(err)
	}
	_, err := o.Compiler.CompileWithin(t.Context(), &stored)
	if err == nil {
		t.Fatal("the policy compiles")
	}
	if diff := cmp.Diff(err.Error(), got.Result.Message); diff != "" {
		t.Errorf("answer (-status +answer):\n%s", diff)
	}
}

func TestNothingElseIsTakenForAPolicy(t *testing.T) {
	object := written(t, "SourcePolicy", "production", "", good)
	tests := map[string]struct {
		body []byte
		want int32
	}{
		"a deletion":                           {ownReview("DELETE", "SourcePolicy", "", "", object), http.StatusBadRequest},
		"a creation of nothing":                {ownReview("CREATE", "SourcePolicy", "", "", ""), http.StatusBadRequest},
		"an update of nothing":                 {ownReview("UPDATE", "SourcePolicy", "", object, ""), http.StatusBadRequest},
		"another group":                        {review("CREATE", app, ""), http.StatusBadRequest},
		"a version that is not there yet":      {ownReview("CREATE", "SourcePolicy", "", strings.Replace(object, "v1alpha1", "v1", 1), ""), http.StatusBadRequest},
		"a policy in a review of an exception": {ownReview("CREATE", "PolicyException", "", object, ""), http.StatusBadRequest},
		"a policy of a namespace":              {ownReview("CREATE", "SourcePolicy", "prod", object, ""), http.StatusBadRequest},
		"no object":                            {ownReview("CREATE", "SourcePolicy", "", `["fluxgate.dev/v1alpha1"]`, ""), http.StatusBadRequest},
		"metadata that is a list":              {ownReview("CREATE", "SourcePolicy", "", strings.Replace(object, `"metadata":{`, `"metadata":[{`, 1), ""), http.StatusBadRequest},
		"a spec of 4 MB": {ownReview("CREATE", "SourcePolicy", "",
			strings.Replace(object, `"spec":{`, `"spec":{"rego":[`+strings.Repeat("{},", 4<<20/3)+`{}],`, 1), ""), http.StatusUnprocessableEntity},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			server, _ := serveWith(t, authoring(t, ""))
			got := post(t, server.URL+webhook.PoliciesPath, "application/json", test.body)
			if got.Allowed || got.Result == nil || got.Result.Code != test.want {
				t.Errorf("allowed %v, result %+v, want refused with %d", got.Allowed, got.Result, test.want)
			}
		})
	}
}

// compiler is one that does as it is told.
type compiler func() (*policy.Policy, error)

func (c compiler) CompileWithin(context.Context, *v1alpha1.SourcePolicy) (*policy.Policy, error) {
	return c()
}

func TestACompilerThatFailsRefusesWithoutBlame(t *testing.T) {
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	tests := map[string]struct {
		compile compiler
		within  time.Duration
		want    string
	}{
		"it does not end": {func() (*policy.Policy, error) { <-forever; return nil, errors.New("too late") }, 100 * time.Millisecond,
			"undecided, so not admitted: the policy could not be compiled in time: try again; if it stays so, shorten the modules of spec.rego"},
		"it has a defect": {func() (*policy.Policy, error) { return nil, errors.New("10.0.0.7 knows why") }, time.Minute,
			"undecided, so not admitted: the policy could not be compiled: this is a defect of Fluxgate, please report it with its log"},
		"it panics": {func() (*policy.Policy, error) { panic("at the disco") }, time.Minute,
			"undecided, so not admitted: the policy could not be compiled: this is a defect of Fluxgate, please report it with its log"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			o := authoring(t, "")
			o.Compiler, o.Timeout = test.compile, test.within
			server, _ := serveWith(t, o)
			body := ownReview("CREATE", "SourcePolicy", "", written(t, "SourcePolicy", "production", "", good), "")
			for range 4 { // more than are compiled at a time
				got := post(t, server.URL+webhook.PoliciesPath, "application/json", body)
				want := &admissionv1.AdmissionResponse{UID: "u1", AuditAnnotations: map[string]string{"decision": "error"}, Result: &metav1.Status{
					Status: "Failure", Code: 500, Reason: "InternalError", Message: test.want}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("response (-want +got):\n%s", diff)
				}
			}
		})
	}
}
