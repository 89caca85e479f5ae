package policies_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// accepting is a policy for one namespace that accepts exceptions from require-verify.
func accepting(t *testing.T, name string) *v1alpha1.SourcePolicy {
	t.Helper()
	return policyOf(t, name, `
match: {namespaces: [`+name+`]}
rules: [{rule: require-verify}, {rule: forbid-insecure}]
exceptions: {rules: [require-verify], maxDuration: 1h}
`)
}

func exceptionOf(policy, namespace string, until time.Time, rules ...string) *v1alpha1.PolicyException {
	return &v1alpha1.PolicyException{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "legacy"},
		Spec: v1alpha1.PolicyExceptionSpec{
			Policy: policy, Rules: rules, Names: []string{"podinfo"}, Reason: "TICKET-1: signed from March on",
			Until: metav1.NewTime(until),
		},
	}
}

// TestAnExceptionCountsUntilItEnds: it is created, skips what it is for and nothing else, ends at its second, and counts
// again where it is renewed; when it is deleted, nothing of it remains.
func TestAnExceptionCountsUntilItEnds(t *testing.T) {
	namespace(t, "excepted")
	create(t, accepting(t, "excepted"))
	w := &warnings{}
	c := clientOf(t, world.Config, w)
	try := func(name string, change func(map[string]any)) string {
		return refusal(t, c.Create(t.Context(), repository("excepted", name, change), client.DryRunAll))
	}
	if got := try("podinfo", nil); !strings.Contains(got, "[excepted/require-verify]") {
		t.Fatalf("without an exception: %q", got)
	}
	e := exceptionOf("excepted", "excepted", time.Now().Add(30*time.Minute).Truncate(time.Second), "require-verify")
	must(t, admin(t).Create(t.Context(), e))
	if got := condition(t, e, "True"); got.Reason != "InForce" {
		t.Errorf("reason %s, want InForce", got.Reason)
	}
	skipped := func(until time.Time) string {
		return "[excepted/require-verify] spec.verify: skipped by exception excepted/legacy until " +
			until.UTC().Format(time.RFC3339) + ": TICKET-1: signed from March on"
	}
	w.take()
	if got := try("podinfo", nil); got != "" {
		t.Errorf("refused although it is excepted: %s", got)
	}
	if got, want := w.take(), skipped(e.Spec.Until.Time); len(got) != 1 || got[0] != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
	if got := try("other", nil); !strings.Contains(got, "[excepted/require-verify]") {
		t.Errorf("another object: %q", got)
	}
	if got := try("podinfo", insecure); !strings.Contains(got, "[excepted/forbid-insecure]") || strings.Contains(got, "require-verify]") {
		t.Errorf("another rule: %q", got)
	}
	ends := func(until time.Time) error {
		return admin(t).Patch(t.Context(), e, mergePatch(`{"spec":{"until":"`+until.UTC().Format(time.RFC3339)+`"}}`))
	}
	until := seenInTime(t, ends, func(until time.Time) bool {
		w.take()
		return try("podinfo", nil) == "" && slices.Contains(w.take(), skipped(until))
	})
	time.Sleep(time.Until(until) + 50*time.Millisecond)
	if got := try("podinfo", nil); !strings.Contains(got, "[excepted/require-verify]") {
		t.Errorf("at its end: %q", got)
	}
	if got := condition(t, e, "False"); got.Reason != "Expired" {
		t.Errorf("reason %s, want Expired", got.Reason)
	}
	must(t, ends(time.Now().Add(30*time.Minute)))
	condition(t, e, "True")
	if got := try("podinfo", nil); got != "" {
		t.Errorf("renewed: %s", got)
	}
	must(t, admin(t).Delete(t.Context(), e))
	within(t, "the exception is gone", func() bool { return try("podinfo", nil) != "" })
}

// TestAnExceptionIsRefused where the policy does not accept it, in the policy's words.
func TestAnExceptionIsRefused(t *testing.T) {
	namespace(t, "refusing")
	create(t, policyOf(t, "refusing", "{match: {namespaces: [refusing]}, rules: [{rule: require-verify}]}"))
	create(t, accepting(t, "refusing-some"))
	soon := time.Now().Add(30 * time.Minute)
	for name, test := range map[string]struct {
		exception *v1alpha1.PolicyException
		want      string
	}{
		"the policy accepts none": {
			exceptionOf("refusing", "refusing", soon, "require-verify"), "policy refusing accepts no exceptions",
		},
		"not from this rule": {
			exceptionOf("refusing-some", "refusing", soon, "forbid-insecure"),
			"policy refusing-some accepts no exception from the rule forbid-insecure, only from require-verify",
		},
		"too long": {
			exceptionOf("refusing-some", "refusing", time.Now().Add(2*time.Hour), "require-verify"),
			"policy refusing-some accepts no exception that lasts longer than 1h0m0s",
		},
		"it has ended already": {
			exceptionOf("refusing-some", "refusing", time.Now().Add(-time.Hour), "require-verify"), "has passed, so that the exception would never count",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := admin(t).Create(t.Context(), test.exception, client.DryRunAll)
			if got := refusal(t, err); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	w := &warnings{}
	unknown := exceptionOf("comes-later", "refusing", soon, "require-verify")
	if err := clientOf(t, world.Config, w).Create(t.Context(), unknown); err != nil {
		t.Fatalf("of a policy that is not there yet: %v", err)
	}
	if got := w.take(); len(got) != 1 || !strings.Contains(got[0], "comes-later") {
		t.Errorf("warnings %q, want one that names the policy", got)
	}
	if got := condition(t, unknown, "False"); got.Reason != "PolicyNotFound" {
		t.Errorf("reason %s, want PolicyNotFound", got.Reason)
	}
	create(t, accepting(t, "comes-later"))
	condition(t, unknown, "True")
	malformed := exceptionOf("refusing-some", "refusing", soon, "require-verify")
	malformed.Spec.Names = []string{"Not/A/Name"}
	if err := admin(t).Create(t.Context(), malformed, client.DryRunAll); !apierrors.IsInvalid(err) {
		t.Errorf("a malformed one: got %v, want 422", err)
	}
}

// TestADatedPolicyWarnsBeforeItDenies names the date.
func TestADatedPolicyWarnsBeforeItDenies(t *testing.T) {
	namespace(t, "dated")
	p := policyOf(t, "dated", "{match: {namespaces: [dated]}, rules: [{rule: forbid-insecure}]}")
	p.Spec.EnforceFrom = &metav1.Time{Time: time.Now().Add(time.Hour).Truncate(time.Second)}
	create(t, p)
	w := &warnings{}
	try := func() string {
		c := clientOf(t, world.Config, w)
		return refusal(t, c.Create(t.Context(), repository("dated", "podinfo", insecure), client.DryRunAll))
	}
	dated := func(from time.Time) string { return "(denied from " + from.UTC().Format(time.RFC3339) + " on)" }
	if got := try(); got != "" {
		t.Errorf("before the date: %s", got)
	}
	if got := w.take(); len(got) != 1 || !strings.Contains(got[0], dated(p.Spec.EnforceFrom.Time)) {
		t.Errorf("warnings %q, want one with the date", got)
	}
	begins := func(from time.Time) error {
		return admin(t).Patch(t.Context(), p, mergePatch(`{"spec":{"enforceFrom":"`+from.UTC().Format(time.RFC3339)+`"}}`))
	}
	from := seenInTime(t, begins, func(from time.Time) bool {
		w.take()
		return try() == "" && strings.Contains(strings.Join(w.take(), "\n"), dated(from))
	})
	time.Sleep(time.Until(from) + 50*time.Millisecond)
	if got := try(); !strings.Contains(got, "[dated/forbid-insecure]") {
		t.Errorf("from the date on: %q", got)
	}
}

// mergePatch is what `kubectl patch --type=merge` sends.
func mergePatch(text string) client.Patch {
	return client.RawPatch("application/merge-patch+json", []byte(text))
}

// seenInTime writes a date that comes in seconds, and returns it when it is known before it has come: what happens at the date then
// happens without another word. A machine on which that takes longer is given more seconds.
func seenInTime(t *testing.T, write func(date time.Time) error, known func(date time.Time) bool) time.Time {
	t.Helper()
	for lead := 4 * time.Second; lead < 2*time.Minute; lead *= 2 {
		date := time.Now().Add(lead).Truncate(time.Second)
		err := write(date)
		for time.Now().Before(date) {
			must(t, err) // a date that has passed may be refused
			if known(date) {
				return date
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	t.Fatal("no date was known before it had come")
	return time.Time{}
}

// within waits for what must be so within the time that a change may take, and some more for a machine that runs other tests
// too: how long changes take is measured by TestPoliciesChangeUnderLoad.
func within(t *testing.T, what string, happened func() bool) {
	t.Helper()
	started := time.Now()
	eventually(t, what, happened)
	if took := time.Since(started); took > effect+15*time.Second {
		t.Errorf("%s after %s, want within %s", what, took, effect)
	}
}
