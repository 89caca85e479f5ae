package crds_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

const (
	somePolicy    = `{action: Warn, rules: [{rule: canonical-url}]}`
	someException = `{policy: p, rules: [require-verify], names: [app], reason: because, until: "2027-01-31T17:00:00Z"}`
	ready         = `{type: Ready, status: "True", reason: InForce, message: "", lastTransitionTime: "2026-11-24T00:00:00Z"}`
)

// patchOf is a merge patch written as YAML.
func patchOf(t *testing.T, text string) client.Patch {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return client.RawPatch("application/merge-patch+json", asJSON)
}

// TestAStatusIsWrittenThroughItsSubresourceOnly: whoever may write an object may not say for Fluxgate that it is in force,
// and Fluxgate, which may write the status, changes nothing else by it.
func TestAStatusIsWrittenThroughItsSubresourceOnly(t *testing.T) {
	for kind, object := range map[string]*unstructured.Unstructured{
		"SourcePolicy": policyOf(t, somePolicy), "PolicyException": exceptionOf(t, someException),
	} {
		spec := object.Object["spec"]
		object.Object["status"] = map[string]any{"observedGeneration": int64(7)}
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { remove(t, object) })
		expect := func(when string, want any) {
			t.Helper()
			if diff := cmp.Diff(want, object.Object["status"]); diff != "" {
				t.Errorf("%s: status %s (-want +got):\n%s", kind, when, diff)
			}
			if diff := cmp.Diff(spec, object.Object["spec"]); diff != "" {
				t.Errorf("%s: spec %s (-want +got):\n%s", kind, when, diff)
			}
		}
		expect("that was created with it", nil)
		if err := admin.Patch(t.Context(), object, patchOf(t, "status: {observedGeneration: 7}")); err != nil {
			t.Fatal(err)
		}
		expect("that was patched", nil)
		patch := patchOf(t, "{status: {observedGeneration: 1, conditions: ["+ready+"]}, spec: {action: Audit, policy: other}}")
		if err := admin.Status().Patch(t.Context(), object, patch); err != nil {
			t.Fatal(err)
		}
		expect("that was patched through the subresource", map[string]any{
			"observedGeneration": int64(1),
			"conditions": []any{map[string]any{
				"type": "Ready", "status": "True", "reason": "InForce", "message": "", "lastTransitionTime": "2026-11-24T00:00:00Z",
			}},
		})
		if object.GetGeneration() != 1 {
			t.Errorf("%s: a change of status made generation %d", kind, object.GetGeneration())
		}
	}
}

// TestTheLastGoodSpecIsKept: what stays in force is stored whole, parameters and modules included.
func TestTheLastGoodSpecIsKept(t *testing.T) {
	const spec = `{action: Warn, enforceFrom: "2027-01-31T17:00:00Z", exceptions: {rules: [pin], maxDuration: 720h0m0s},
		rules: [{rule: forbid-tags, params: {tags: [latest], any: {deep: [1, {er: true}]}}}], rego: [{name: a, module: "package x\n", params: {n: 1}}]}`
	object := policyOf(t, somePolicy)
	if err := admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, object) })
	if err := admin.Status().Patch(t.Context(), object, patchOf(t, "status: {inForce: {generation: 1, spec: "+spec+"}}")); err != nil {
		t.Fatal(err)
	}
	got := &v1alpha1.SourcePolicy{}
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(object), got); err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.SourcePolicyInForce{Generation: 1}
	if err := yaml.UnmarshalStrict([]byte(spec), &want.Spec); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Status.InForce); diff != "" {
		t.Errorf("in force (-want +got):\n%s", diff)
	}
	if err := admin.Status().Update(t.Context(), got); err != nil {
		t.Errorf("written back: %v", err)
	}
}

// TestWhateverIsStoredCanBeRead: an object that the types cannot be decoded from would keep the list of all of them from being
// read, and a tenant may write exceptions with their status. What the API server accepts of these must decode, and be
// accepted again as the types write it.
func TestWhateverIsStoredCanBeRead(t *testing.T) {
	condition := func(field, value string) string {
		fields := map[string]string{"type": "Ready", "status": `"True"`, "reason": "A", "message": `""`, "lastTransitionTime": `"2026-11-24T00:00:00Z"`}
		fields[field] = value
		text := ""
		for name, value := range fields {
			text += name + ": " + value + ", "
		}
		return "status: {conditions: [{" + text + "}]}"
	}
	patches := []string{
		`status: {observedGeneration: 1e30}`, `status: {observedGeneration: 1.0}`, `status: {observedGeneration: 1.5}`,
		`status: {observedGeneration: 9223372036854775807}`, `status: {observedGeneration: 9223372036854775808}`,
		`status: {conditions: null}`, `status: {conditions: [null]}`, `status: null`,
		`spec: {kinds: null}`, `spec: {kinds: [null]}`, `spec: {names: [null]}`, `spec: {names: [1]}`, `spec: {until: null}`, `spec: {until: 0}`,
		condition("observedGeneration", "1e30"), condition("observedGeneration", "9223372036854775808"), condition("observedGeneration", "1e3"),
	}
	for _, time := range []string{
		"2027-01-31T17:00:00x5Z", "2027-01-31T17:00:00+99:99", "2027-01-31t17:00:00z", "2027-01-31T17:00:00,5Z", "2027-01-31T17:00:00.5+01:00",
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9998-12-31T23:59:59Z",
		"2027-02-30T00:00:00Z", "2027-01-31T24:00:00Z", "2027-01-31T17:00:60Z", "2027-01-31T17:00:00", "2027-01-31 17:00:00Z", "2027-01-31", "",
	} {
		patches = append(patches, `spec: {until: "`+time+`"}`, condition("lastTransitionTime", `"`+time+`"`))
	}
	stored := 0
	for _, patch := range patches {
		object := exceptionOf(t, someException)
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		var errs [2]error
		errs[0] = admin.Patch(t.Context(), object.DeepCopy(), patchOf(t, patch))
		errs[1] = admin.Status().Patch(t.Context(), object.DeepCopy(), patchOf(t, patch))
		if errs[0] == nil && errs[1] == nil {
			stored++
		}
		var list v1alpha1.PolicyExceptionList
		if err := admin.List(t.Context(), &list); err != nil {
			t.Errorf("%s is stored, and then no exception can be read: %v", patch, err)
		} else if err := admin.Status().Update(t.Context(), &list.Items[0]); err != nil {
			text, _ := json.Marshal(list.Items[0])
			t.Errorf("%s is stored, and cannot be written back: %v\n%s", patch, err, text)
		}
		remove(t, object)
	}
	if stored < 8 {
		t.Errorf("only %d of %d were stored: are the others refused for what they should be?", stored, len(patches))
	}
}
