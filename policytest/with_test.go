package policytest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// key makes a public key: a Secret of it, and its fingerprint.
func key(t *testing.T) (secret, fingerprint string) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "keys", "namespace": "prod"},
		"stringData": map[string]any{"cosign.pub": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return string(text), "sha256:" + hex.EncodeToString(sum[:])
}

// TestWhatStandsBesideTheObject: the gate asks of a case what it would ask of a cluster.
func TestWhatStandsBesideTheObject(t *testing.T) {
	secret, fingerprint := key(t)
	stranger, _ := key(t)
	verified := "- name: it\n  object: " + ociOf("app", "verify: {provider: cosign, secretRef: {name: keys}}") + "\n"
	trusting := "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\n" +
		"spec: {rules: [{rule: verify-identity, params: {keys: ['" + fingerprint + "']}}]}\n"
	const strictProd = "apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: p}\n" +
		"spec: {match: {namespaces: [strict]}, rules: [{rule: forbid-insecure}]}\n"
	lax := "- name: it\n  object: " + ociOf("app", "insecure: true") + "\n"
	for name, c := range map[string]struct {
		policy, table string
		want          Test
	}{
		"a Secret with a key that is trusted": {trusting, verified + "  with: [" + secret + "]\n  expect: {verdict: allow}\n", Test{Result: Pass}},
		"a Secret with another key": {
			trusting,
			verified + "  with: [" + stranger + "]\n  expect: {verdict: deny, violations: [{policy: p, rule: verify-identity, action: Deny, path: spec.verify}]}\n",
			Test{Result: Pass},
		},
		"a Secret that nobody gives": {trusting, verified + "  expect: {verdict: allow}\n", Test{
			Result:    Pass,
			NotJudged: []string{"[p] spec.verify.secretRef: Secret prod/keys is not among the files, or not in plain text, so that its keys are not judged"},
		}},
		"nobody who refers to it": {strictProd, lax + "  expect: {verdict: allow}\n", Test{Result: Pass}},
		"one of a strict namespace who refers to it": {
			strictProd,
			lax + "  with: [{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: k, namespace: strict}, " +
				"spec: {sourceRef: {kind: OCIRepository, name: app, namespace: prod}}}]\n" +
				"  expect: {verdict: deny, violations: [{policy: p, rule: forbid-insecure, action: Deny, path: spec.insecure}]}\n",
			Test{Result: Pass},
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := runFiles(t, files{"policy.yaml": c.policy, "cases.yaml": tableOf("", c.table)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			c.want.Name, c.want.File, c.want.Line, c.want.Kind = "it", "cases.yaml", 5, Case
			if diff := cmp.Diff([]Test{c.want}, report.Tests); diff != "" || len(report.Unreadable) > 0 {
				t.Errorf("tests (-want +got):\n%s\nunreadable: %v", diff, report.Unreadable)
			}
		})
	}
}
