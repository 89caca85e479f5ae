package webhook_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/webhook"
)

// accepting accepts exceptions from one rule, for a day; closed accepts none.
const accepting = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: accepting}
spec:
  rules: [{rule: require-verify}, {rule: forbid-insecure}]
  exceptions: {rules: [require-verify], maxDuration: 24h}
---
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: closed}
spec:
  rules: [{rule: require-verify}]
`

// excepting is the spec of an exception.
func excepting(policy, rules, until string) string {
	return "  policy: " + policy + "\n  rules: [" + rules + "]\n  names: [app]\n  reason: TICKET-1\n  until: " + until + "\n"
}

func TestExceptionAnswers(t *testing.T) {
	const (
		tomorrow, later = "2026-11-25T12:00:00Z", "2026-11-25T12:00:01Z"
		noonCreated     = "  creationTimestamp: 2026-11-24T12:00:00Z\n"
		dayOld          = "  creationTimestamp: 2026-11-23T13:00:00Z\n"
	)
	accepted := excepting("accepting", "require-verify", tomorrow)
	tests := map[string]struct {
		metadata, spec string
		was, stored    string // the stored spec and metadata; empty on a creation
	}{
		"that counts":                                {spec: accepted},
		"that counts from its creation":              {metadata: noonCreated, spec: accepted},
		"that is too long":                           {spec: excepting("accepting", "require-verify", later)},
		"that is too long from its creation":         {metadata: dayOld, spec: accepted},
		"from a rule that is not accepted":           {spec: excepting("accepting", "require-verify, forbid-insecure", tomorrow)},
		"from a policy that accepts none":            {spec: excepting("closed", "require-verify", tomorrow)},
		"from a policy that is not there":            {spec: excepting("later", "require-verify", "2030-01-01T00:00:00Z")},
		"from a policy that is broken":               {spec: excepting("broken", "require-verify", "2030-01-01T00:00:00Z")},
		"that ends before it begins":                 {spec: excepting("accepting", "require-verify", "2026-11-24T12:00:00Z")},
		"with everything that can be wrong":          {spec: "  policy: Accepting\n  rules: []\n  kinds: [OCIrepository]\n  names: [\"A/b\", \"x/\", \"\"]\n  reason: \" \"\n"},
		"that an update extends too far":             {metadata: noonCreated, spec: accepted, was: excepting("accepting", "require-verify", "2026-11-24T13:00:00Z"), stored: dayOld},
		"that an update extends as far as may be":    {metadata: noonCreated, spec: excepting("accepting", "require-verify", "2026-11-24T13:00:00Z"), was: excepting("accepting", "require-verify", "2026-11-24T12:30:00Z"), stored: dayOld},
		"that an update ends":                        {metadata: dayOld, spec: excepting("accepting", "require-verify", "2026-11-24T11:00:00Z"), was: excepting("accepting", "require-verify", "2026-11-24T13:00:00Z"), stored: dayOld},
		"that is not accepted and only gets a label": {metadata: dayOld + "  labels: {a: b}\n", spec: excepting("closed", "require-verify", tomorrow), was: excepting("closed", "require-verify", tomorrow), stored: dayOld},
		"that is not accepted and being deleted":     {metadata: dayOld, spec: excepting("closed", "require-verify", tomorrow), was: accepted, stored: dayOld + "  deletionTimestamp: 2026-11-24T12:00:00Z\n"},
		"whose end is no time":                       {spec: excepting("accepting", "require-verify", "tomorrow")},
	}
	server, _ := serveWith(t, withPolicies(t))
	answers := map[string]any{}
	for sentence, test := range tests {
		object, old, operation := written(t, "PolicyException", "legacy", "  namespace: prod\n"+test.metadata, test.spec), "", "CREATE"
		if test.was != "" {
			old, operation = written(t, "PolicyException", "legacy", "  namespace: prod\n"+test.stored, test.was), "UPDATE"
		}
		answers[sentence] = post(t, server.URL+webhook.PoliciesPath, "application/json", ownReview(operation, "PolicyException", "prod", object, old))
	}
	golden(t, "exceptions", answers)
}

// withPolicies are options with the policies accepting, closed, and one that is broken.
func withPolicies(t *testing.T) webhook.Options {
	t.Helper()
	o := authoring(t, accepting)
	good := o.Policies().Policies()
	stored := &v1alpha1.SourcePolicy{Spec: v1alpha1.SourcePolicySpec{Rules: []v1alpha1.Rule{{Rule: "gone"}}}}
	stored.Name = "broken"
	broken, err := o.Compiler.CompileWithin(t.Context(), stored)
	if broken == nil {
		t.Fatal(err)
	}
	set := policy.NewSet(append(good[:len(good):len(good)], broken), nil)
	o.Policies = func() *policy.Set { return set }
	return o
}

func TestNothingElseIsTakenForAnException(t *testing.T) {
	object := written(t, "PolicyException", "legacy", "  namespace: prod\n", excepting("accepting", "require-verify", "2026-11-25T12:00:00Z"))
	tests := map[string]struct {
		body []byte
		want int32
	}{
		"a deletion":              {ownReview("DELETE", "PolicyException", "prod", "", object), http.StatusBadRequest},
		"a connection":            {ownReview("CONNECT", "PolicyException", "prod", object, ""), http.StatusBadRequest},
		"another namespace":       {ownReview("CREATE", "PolicyException", "dev", object, ""), http.StatusBadRequest},
		"no namespace":            {ownReview("CREATE", "PolicyException", "prod", strings.Replace(object, `"namespace":"prod"`, `"a":"b"`, 1), ""), http.StatusBadRequest},
		"a policy's review":       {ownReview("CREATE", "SourcePolicy", "prod", object, ""), http.StatusBadRequest},
		"names without end":       {ownReview("CREATE", "PolicyException", "prod", strings.Replace(object, `["app"]`, `["app"`+strings.Repeat(`,"?/"`, 1<<20)+`]`, 1), ""), http.StatusUnprocessableEntity},
		"many names, but short":   {ownReview("CREATE", "PolicyException", "prod", strings.Replace(object, `["app"]`, `["app"`+strings.Repeat(`,"a"`, 64)+`]`, 1), ""), http.StatusUnprocessableEntity},
		"a name that is a number": {ownReview("CREATE", "PolicyException", "prod", strings.Replace(object, `["app"]`, `[1]`, 1), ""), http.StatusUnprocessableEntity},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			server, _ := serveWith(t, withPolicies(t))
			got := post(t, server.URL+webhook.PoliciesPath, "application/json", test.body)
			if got.Allowed || got.Result == nil || got.Result.Code != test.want {
				t.Errorf("allowed %v, result %+v, want refused with %d", got.Allowed, got.Result, test.want)
			}
		})
	}
}

func TestTheDoorOfPoliciesCounts(t *testing.T) {
	server, metrics := serveWith(t, withPolicies(t))
	for _, of := range []string{"accepting", "closed", "later"} {
		object := written(t, "PolicyException", "legacy", "  namespace: prod\n", excepting(of, "require-verify", "2026-11-25T12:00:00Z"))
		post(t, server.URL+webhook.PoliciesPath, "application/json", ownReview("CREATE", "PolicyException", "prod", object, ""))
		post(t, server.URL+webhook.PoliciesPath, "application/json", ownReview("UPDATE", "PolicyException", "prod", object, object))
	}
	want := `
# HELP fluxgate_reviews_total Reviews by door (mutate, validate, policies, namespaces), verdict (skipped where nothing was judged) and status code.
# TYPE fluxgate_reviews_total counter
fluxgate_reviews_total{code="200",door="policies",verdict="allow"} 1
fluxgate_reviews_total{code="200",door="policies",verdict="skipped"} 3
fluxgate_reviews_total{code="200",door="policies",verdict="warn"} 1
fluxgate_reviews_total{code="403",door="policies",verdict="deny"} 1
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "fluxgate_reviews_total"); err != nil {
		t.Error(err)
	}
}
