package signatures_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// installImagePolicies installs policy-controller's own CRD as its module ships it, but for its conversion webhook: without
// policy-controller there is nobody to convert.
func installImagePolicies(ctx context.Context, t *testing.T, p *place) {
	t.Helper()
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/policy-controller").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "config", "300-clusterimagepolicy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := p.parse(string(text))
	unstructured.RemoveNestedField(crd.Object, "spec", "conversion")
	p.must(p.apply(crd))
	p.must(world.CreateNamespace(ctx, "cosign-system", nil))
}

// TestClusterImagePoliciesOfTheCluster count from the moment when their kind is there, with the keys of their Secrets as they are.
func TestClusterImagePoliciesOfTheCluster(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "  signatures:\n  - name: known\n    clusterImagePolicies: {names: [ours]}\n")
	ours, oursPublic := p.key()
	digest := p.artifact("v1")
	p.must(p.SignLegacy(digest, ours))
	source := p.source("app", "  ref: {digest: '"+digest+"'}\n")
	p.wants("before there is such a policy", p.apply(source), "the ClusterImagePolicy ours, which the policy demands, is not known")

	installImagePolicies(t.Context(), t, p)
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ours", Namespace: "cosign-system"}, Data: map[string][]byte{"cosign.pub": oursPublic}}
	p.must(p.client.Create(t.Context(), secret))
	policy := p.parse("apiVersion: policy.sigstore.dev/v1alpha1\nkind: ClusterImagePolicy\nmetadata: {name: ours}\n" +
		"spec: {images: [{glob: '" + p.repository + "**'}], authorities: [{name: release, key: {secretRef: {name: ours}}}]}\n")
	p.eventually("the policy can be applied", func() error { return p.apply(policy) })
	p.eventually("signed as it asks", func() error { return p.apply(source) })

	_, otherPublic := p.key()
	secret.Data["cosign.pub"] = otherPublic
	p.must(p.client.Update(t.Context(), secret))
	second := p.source("second", "  ref: {digest: '"+digest+"'}\n")
	p.wants("when the key is another one", p.apply(second), p.named("[POLICY/signatures] spec.ref.digest: demand known"))

	p.must(unstructured.SetNestedSlice(policy.Object, []any{map[string]any{"glob": "ghcr.io/other/**"}}, "spec", "images"))
	p.must(p.apply(policy))
	p.eventually("what the policy is not for is refused", func() error {
		err := p.apply(second)
		if err == nil || !strings.Contains(err.Error(), "ClusterImagePolicies is for") {
			return errNotYet
		}
		return nil
	})
	broken := policy.DeepCopy()
	p.must(unstructured.SetNestedSlice(broken.Object, []any{map[string]any{"name": "a", "key": map[string]any{"kms": "awskms:///x"}}}, "spec", "authorities"))
	p.must(p.apply(broken))
	p.eventually("what a broken policy might be for is undecided", func() error {
		if err := p.apply(second); err == nil || !strings.Contains(err.Error(), "cannot be read; an administrator must mend it") {
			return errNotYet
		}
		return nil
	})
}

// TestClusterImagePoliciesInAPolicy are read as policy-controller reads them.
func TestClusterImagePoliciesInAPolicy(t *testing.T) {
	t.Parallel()
	inline := func(authorities string) string {
		return "  signatures:\n  - name: inline\n    clusterImagePolicies:\n      inline:\n      - apiVersion: policy.sigstore.dev/v1beta1\n        kind: ClusterImagePolicy\n" +
			"        metadata: {name: inline}\n        spec: {images: [{glob: '**'}], authorities: [" + authorities + "]}\n"
	}
	p := newPlace(t, inline("{name: all, static: {action: pass}}"))
	digest := p.artifact("v1")
	source := p.source("app", "  ref: {digest: '"+digest+"'}\n")
	p.wants("static: pass", p.apply(source), "")
	p.policy(inline("{name: keyless, keyless: {identities: [{issuer: '" + issuer + "', subject: '" + subject + "'}]}}"))
	second := p.source("second", "  ref: {digest: '"+digest+"'}\n")
	p.wants("keyless, and unsigned", p.apply(second), p.named("[POLICY/signatures] spec.ref.digest: demand inline"))
	p.must(p.SignLegacy(digest, sigstore.Identity(issuer, subject)))
	p.eventually("keyless, and signed", func() error { return p.apply(second) })
	broken := p.parse("apiVersion: fluxgate.dev/v1alpha1\nkind: SourcePolicy\nmetadata: {name: broken-" + p.namespace + "}\nspec:\n" + inline(""))
	p.wants("without authorities", p.apply(broken), "authorities")
}
