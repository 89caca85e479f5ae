package controlplane

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// auditPolicy logs each answered request once, without bodies: annotations of admission webhooks are part of that.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted, Panic]
rules:
  - level: Metadata
`

// AuditEvent is what tests read of an event of the API server's audit log (audit.k8s.io/v1).
type AuditEvent struct {
	AuditID        string `json:"auditID"`
	Verb           string `json:"verb"`
	RequestURI     string `json:"requestURI"`
	User           struct{ Username string }
	ObjectRef      AuditObject       `json:"objectRef"`
	ResponseStatus metav1.Status     `json:"responseStatus"`
	Annotations    map[string]string `json:"annotations"`
}

// AuditObject names the object of a request; Name is empty for a create with generateName.
type AuditObject struct{ Resource, Namespace, Name, Subresource, APIGroup, APIVersion string }

func enableAudit(server *envtest.APIServer, dir string) error {
	policy := filepath.Join(dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	server.Configure().
		Set("audit-policy-file", policy).
		Set("audit-log-path", auditLog(dir))
	return nil
}

func auditLog(dir string) string { return filepath.Join(dir, "audit.log") }

// AuditEvents returns what the API server logged so far, oldest first. An event is written just after its response was
// sent, so poll for one that is expected.
func (c *ControlPlane) AuditEvents() ([]AuditEvent, error) {
	log, err := os.ReadFile(auditLog(c.dir))
	if err != nil {
		return nil, fmt.Errorf("audit log (is Options.Audit set?): %w", err)
	}
	var events []AuditEvent
	lines := bufio.NewReader(bytes.NewReader(log))
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return events, nil // the end, or a line that is still being written
		}
		var event AuditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("audit log: %w", err)
		}
		events = append(events, event)
	}
}
