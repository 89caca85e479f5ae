package policies_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
	"github.com/fluxgate/fluxgate/test/stack"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// TestKubectlShowsHowPoliciesAre: columns, and the words of a condition.
func TestKubectlShowsHowPoliciesAre(t *testing.T) {
	passUnchecked(t)
	namespace(t, "shown")
	create(t, accepting(t, "shown-accepting"))
	lastGood := create(t, policyOf(t, "shown-last-good", "{match: {namespaces: [shown]}, action: Audit, rules: [{rule: forbid-insecure}]}"))
	update(t, lastGood, func() { lastGood.Spec.Rules[0].Rule = "forbid-insecur" })
	condition(t, lastGood, "False")
	broken := withModule(t, "shown-broken", "own", "violations contains x if {\n\ty := 1\n}")
	broken.Labels = map[string]string{unchecked: "yes"}
	must(t, admin(t).Create(t.Context(), broken))
	t.Cleanup(func() { _ = admin(t).Delete(t.Context(), broken) })
	condition(t, broken, "False")
	e := exceptionOf("shown-accepting", "shown", time.Now().Add(time.Minute), "require-verify")
	must(t, admin(t).Create(t.Context(), e))
	condition(t, e, "True")
	var text strings.Builder
	for _, args := range [][]string{
		{"get", "srcpol", "shown-accepting", "shown-last-good", "shown-broken", "--output", "wide"},
		{"get", "srcpolex", "--namespace", "shown", "--output", "wide"},
		{"get", "srcpol", "shown-last-good", "--output", "jsonpath={.status.inForce}"},
	} {
		out, _, err := world.Kubectl(t.Context(), "", args...)
		must(t, err)
		text.WriteString("$ kubectl " + strings.Join(args, " ") + "\n" + dated.ReplaceAllString(aged.ReplaceAllString(out, "${1}AGE"), "DATE") + "\n")
	}
	goldenFile(t, "testdata/columns.txt", text.String())
}

// aged is the last column, dated a time.
var (
	aged  = regexp.MustCompile(`(?m)( {2,})([0-9]+[ms])+$`)
	dated = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z`)
)

func goldenFile(t *testing.T, path, got string) {
	t.Helper()
	if *updateGolden {
		must(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", path, diff)
	}
}

// TestTwoPoliciesOnOneObject: the strictest action wins, and both are named.
func TestTwoPoliciesOnOneObject(t *testing.T) {
	namespace(t, "two")
	create(t, policyOf(t, "two-warns", "{match: {namespaces: [two]}, action: Warn, rules: [{rule: forbid-insecure}]}"))
	create(t, policyOf(t, "two-denies", "{match: {namespaces: [two]}, rules: [{rule: forbid-insecure}]}"))
	w := &warnings{}
	got := refusal(t, clientOf(t, world.Config, w).Create(t.Context(), repository("two", "podinfo", insecure)))
	if !strings.Contains(got, "[two-denies/forbid-insecure]") || strings.Contains(got, "two-warns") {
		t.Errorf("denial: %q", got)
	}
	if said := w.take(); len(said) != 1 || !strings.HasPrefix(said[0], "[two-warns/forbid-insecure]") {
		t.Errorf("warnings: %q", said)
	}
}

// TestReplicasJudgeAlike: one that starts while a policy is broken has no memory of what was good, but for what the status
// keeps; and where none was ever good, both leave it undecided.
func TestReplicasJudgeAlike(t *testing.T) {
	passUnchecked(t)
	namespace(t, "alike")
	namespace(t, "alike-never")
	p := create(t, policyOf(t, "alike", "{match: {namespaces: [alike]}, rules: [{rule: forbid-insecure}]}"))
	update(t, p, func() { p.Spec.Rules = []v1alpha1.Rule{{Rule: "gone"}} })
	condition(t, p, "False")
	never := policyOf(t, "alike-never", "{match: {namespaces: [alike-never]}, rules: [{rule: gone}]}")
	never.Labels = map[string]string{unchecked: "yes"}
	must(t, admin(t).Create(t.Context(), never))
	t.Cleanup(func() { _ = admin(t).Delete(t.Context(), never) })
	condition(t, never, "False")
	second, err := world.Replica(t.Context(), stack.Options{ClusterPolicies: true})
	must(t, err)
	defer func() { must(t, second.Stop()) }()
	for name, want := range map[string]struct {
		code int32
		text string
	}{
		"alike":       {http.StatusForbidden, "[alike/forbid-insecure] spec.insecure"},
		"alike-never": {http.StatusInternalServerError, "[alike-never] spec: the policy is broken, and no earlier version of it is known"},
	} {
		obj := repository(name, "podinfo", insecure)
		var said []string
		for _, address := range []string{world.Fluxgate.Address, second.Address} {
			got := post(t, address, obj)
			if got.Allowed || got.Result.Code != want.code || !strings.Contains(got.Result.Message, want.text) {
				t.Errorf("%s: %d %q, want %d %q", name, got.Result.Code, got.Result.Message, want.code, want.text)
			}
			said = append(said, got.Result.Message)
		}
		if said[0] != said[1] {
			t.Errorf("the replicas differ: %q", said)
		}
	}
}

// post asks the webhook at an address to validate the creation of an object.
func post(t *testing.T, address string, obj client.Object) *admissionv1.AdmissionResponse {
	t.Helper()
	config := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	must(t, admin(t).Get(t.Context(), client.ObjectKey{Name: "fluxgate"}, config))
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(config.Webhooks[0].ClientConfig.CABundle) {
		t.Fatal("the webhook configuration has no caBundle")
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{
			"uid": "u1", "operation": "CREATE", "namespace": obj.GetNamespace(), "name": obj.GetName(), "object": obj,
		},
	})
	must(t, err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/validate", bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: transport}).Do(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	var review admissionv1.AdmissionReview
	must(t, json.Unmarshal(text, &review))
	return review.Response
}
