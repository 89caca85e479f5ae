package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/webhook"
)

// namespaceReview is a review of the Namespace shop. Of one, the API server gives the name as its namespace too.
func namespaceReview(operation, object, old string) []byte {
	body := string(review(operation, object, old))
	body = strings.Replace(body, `"namespace":"prod","name":"app"`, `"namespace":"shop","name":"shop"`, 1)
	return []byte(strings.Replace(body, `{"group":"source.toolkit.fluxcd.io","version":"v1","kind":"OCIRepository"}`,
		`{"group":"","version":"v1","kind":"Namespace"}`, 1))
}

func shop(metadata string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"%s},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}`, metadata)
}

// guarding is a gate whose one policy selects namespaces by a label.
func guarding(t *testing.T) *gate.Gate {
	t.Helper()
	set, err := policy.Parse("test.yaml", []byte("apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: production}\n"+
		"spec: {match: {namespaceSelector: {matchLabels: {env: prod}}}, rules: [{rule: require-verify}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return gate.New(gate.Options{Policies: func() *policy.Set { return set }})
}

func TestNamespaceAnswers(t *testing.T) {
	prod, none := shop(`,"labels":{"env":"prod","team":"a"}`), shop("")
	tests := map[string]struct {
		object, old string
		access      webhook.Access
	}{
		"that leaves a policy":                       {none, prod, &access{}},
		"that leaves a policy while it is deleted":   {shop(`,"deletionTimestamp":"2026-01-01T00:00:00Z"`), shop(`,"labels":{"env":"prod"},"deletionTimestamp":"2026-01-01T00:00:00Z"`), &access{}},
		"that somebody takes out of a policy":        {shop(`,"labels":{"env":"dev"}`), prod, &access{may: true}},
		"that enters a policy":                       {prod, none, nil},
		"whose labels are as they were":              {shop(`,"labels":{"team":"a","env":"prod"},"finalizers":[]`), prod, nil},
		"whose labels are no strings":                {shop(`,"labels":{"env":1}`), prod, nil},
		"whose labels were no map":                   {prod, shop(`,"labels":["env"]`), nil},
		"whose labels were null is one without them": {none, shop(`,"labels":null`), nil},
	}
	answers := map[string]any{}
	for sentence, test := range tests {
		server, _ := serveWith(t, webhook.Options{Guard: guarding(t), Access: test.access})
		answers[sentence] = post(t, server.URL+webhook.NamespacesPath, "application/json", namespaceReview("UPDATE", test.object, test.old))
	}
	golden(t, "namespaces", answers)
}

func TestTheGuardCounts(t *testing.T) {
	server, metrics := serveWith(t, webhook.Options{Guard: guarding(t), Access: &access{may: true}})
	post(t, server.URL+webhook.NamespacesPath, "application/json", namespaceReview("UPDATE", shop(""), shop(`,"labels":{"env":"prod"}`)))
	post(t, server.URL+webhook.NamespacesPath, "application/json", namespaceReview("UPDATE", shop(""), shop("")))
	want := `
# HELP fluxgate_bypasses_total Requests that a policy would have refused and whose user bypassed it, by policy; dry runs included.
# TYPE fluxgate_bypasses_total counter
fluxgate_bypasses_total{policy="production"} 1
# HELP fluxgate_reviews_total Reviews by door (mutate, validate, policies, namespaces), verdict (skipped where nothing was judged) and status code.
# TYPE fluxgate_reviews_total counter
fluxgate_reviews_total{code="200",door="namespaces",verdict="skipped"} 1
fluxgate_reviews_total{code="200",door="namespaces",verdict="warn"} 1
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "fluxgate_reviews_total", "fluxgate_bypasses_total"); err != nil {
		t.Error(err)
	}
}

func TestNothingElseGetsPastTheGuard(t *testing.T) {
	huge := shop(`,"labels":{` + strings.Repeat(`"a":"b",`, 200_000) + `"env":"dev"}`)
	tests := map[string]struct {
		body []byte
		want int32
	}{
		"a creation":                    {namespaceReview("CREATE", shop(""), ""), http.StatusBadRequest},
		"a deletion":                    {namespaceReview("DELETE", "", shop("")), http.StatusBadRequest},
		"an update without the old one": {namespaceReview("UPDATE", shop(""), ""), http.StatusBadRequest},
		"another kind":                  {namespaceReview("UPDATE", app, app), http.StatusBadRequest},
		"a Namespace of another group": {namespaceReview("UPDATE",
			strings.Replace(shop(""), `"v1"`, `"example.com/v1"`, 1), shop("")), http.StatusBadRequest},
		"another namespace":        {namespaceReview("UPDATE", strings.Replace(shop(""), `"shop"`, `"lax"`, 1), shop("")), http.StatusBadRequest},
		"a namespace without name": {namespaceReview("UPDATE", `{"apiVersion":"v1","kind":"Namespace","metadata":{}}`, shop("")), http.StatusBadRequest},
		"metadata that is a list":  {namespaceReview("UPDATE", `{"apiVersion":"v1","kind":"Namespace","metadata":[]}`, shop("")), http.StatusBadRequest},
		"labels without end":       {namespaceReview("UPDATE", huge, shop("")), http.StatusUnprocessableEntity},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			server, _ := serveWith(t, webhook.Options{Guard: guarding(t), Access: &access{}})
			got := post(t, server.URL+webhook.NamespacesPath, "application/json", test.body)
			if got.Allowed || got.Result == nil || got.Result.Code != test.want {
				t.Errorf("allowed %v, result %+v, want refused with %d", got.Allowed, got.Result, test.want)
			}
		})
	}
}
