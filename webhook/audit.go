package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-logr/logr"

	"github.com/fluxgate/fluxgate/gate"
)

// maxAuditValue keeps one annotation of an audit event small, in bytes: they are stored with every event.
const maxAuditValue = 1 << 10

// auditAnnotations are written into the API server's audit log, each key under the name of the webhook. They name rules
// and digests, not messages.
func auditAnnotations(d gate.Decision) map[string]string {
	if d.Skipped != "" {
		return nil
	}
	annotations := map[string]string{"decision": d.Verdict.String()}
	put := func(key string, values []string) {
		if text := strings.Join(values, ","); text != "" {
			annotations[key] = text[:min(len(text), maxAuditValue)]
		}
	}
	var violations, exceptions, failures, pins []string
	for _, v := range d.Violations {
		violations = append(violations, fmt.Sprintf("%s/%s=%s", v.Policy, v.Rule, v.Action))
		if e := v.Exception; e != nil && !slices.Contains(exceptions, e.String()) {
			exceptions = append(exceptions, e.String())
		}
	}
	for _, f := range d.Failures {
		failures = append(failures, f.Policy+"/"+f.Class)
	}
	for _, p := range d.Pins {
		if !p.Dry {
			pins = append(pins, p.Path+"="+p.Digest)
		}
	}
	put("violations", violations)
	put("exceptions", exceptions)
	put("bypassed", d.Bypassed)
	put("not-judged", failures)
	put("pins", pins)
	return annotations
}

// logDecision writes what an operator looks for: denials, failures with their details, pins, and what was bypassed; the
// logger carries the user's name. What passes is only written at level 1.
func logDecision(ctx context.Context, door string, d gate.Decision) {
	log := logr.FromContextOrDiscard(ctx)
	for _, f := range d.Failures {
		log.Error(f.Err, "not judged", "door", door, "policy", f.Policy, "class", f.Class, "path", f.Path, "onError", f.OnError)
	}
	for _, p := range d.Pins {
		log.Info("pinned", "door", door, "path", p.Path, "from", p.From, "digest", p.Digest, "dry", p.Dry)
	}
	if len(d.Bypassed) > 0 {
		log.Info("bypassed", "door", door, "policies", d.Bypassed)
	}
	if len(d.Violations) > 0 {
		var rules []string
		for _, v := range d.Violations {
			rules = append(rules, fmt.Sprintf("%s/%s=%s", v.Policy, v.Rule, v.Action))
		}
		log.Info("violations", "door", door, "verdict", d.Verdict.String(), "rules", rules)
	}
	log.V(1).Info("reviewed", "door", door, "verdict", d.Verdict.String(), "skipped", d.Skipped)
}
