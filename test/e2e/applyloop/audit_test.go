package applyloop_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecisionsReachTheAuditLog(t *testing.T) {
	t.Parallel()
	n := production(t)
	v1 := n.push("v1")

	if err := n.client.Create(n.Context(), n.app(ref{tag: "v1"})); err != nil {
		t.Fatal(err)
	}
	n.expectAudited("create", "app", map[string]string{
		"mutate.fluxgate.dev/decision":   "allow",
		"mutate.fluxgate.dev/pins":       "spec.ref.digest=" + v1,
		"validate.fluxgate.dev/decision": "allow",
	})
}

func TestDenialsReachTheAuditLog(t *testing.T) {
	t.Parallel()
	n := production(t)

	evil := n.app(ref{url: "oci://evil.example.com/app", digest: "sha256:short"})
	if err := n.client.Create(n.Context(), evil); err == nil {
		t.Fatal("it was admitted")
	}
	n.expectAudited("create", "app", map[string]string{
		"mutate.fluxgate.dev/decision":     "allow",
		"validate.fluxgate.dev/decision":   "deny",
		"validate.fluxgate.dev/violations": "production/registry-allowlist=Deny,production/require-digest=Deny",
	})
}

func TestAPolicyInAuditWritesNothingButTheAuditLog(t *testing.T) {
	t.Parallel()
	n := newTenant(t, released, "watched")
	v1 := n.push("v1")

	insecure := changed(n.app(ref{tag: "v1"}), true, "spec", "insecure")
	if err := n.client.Create(n.Context(), insecure.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	n.expectStored(insecure)
	n.expectWarnings("spec.ref.digest: would be pinned from tag v1 to " + v1)
	n.expectAudited("create", "app", map[string]string{
		"mutate.fluxgate.dev/decision":     "allow",
		"validate.fluxgate.dev/decision":   "allow",
		"validate.fluxgate.dev/violations": "watched/forbid-insecure=Audit,watched/pin=Audit,watched/require-digest=Audit",
	})
}

// expectAudited compares Fluxgate's annotations of the API server's audit event for a request of the tenant.
func (n *tenant) expectAudited(verb, name string, want map[string]string) {
	n.Helper()
	var got map[string]string
	n.eventually("the audit event", func() bool {
		events, err := n.world.AuditEvents()
		if err != nil {
			n.Fatal(err)
		}
		for _, event := range events {
			if event.ObjectRef.Namespace == n.namespace && event.ObjectRef.Name == name && event.Verb == verb {
				got = event.Annotations
				return true
			}
		}
		return false
	})
	maps.DeleteFunc(got, func(key, _ string) bool { return !strings.Contains(key, "fluxgate.dev/") })
	if diff := cmp.Diff(want, got); diff != "" {
		n.Errorf("audit annotations (-want +got):\n%s", diff)
	}
}
