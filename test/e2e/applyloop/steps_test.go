package applyloop_test

import (
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What a reconciliation does to an object, in the words of fluxcd/pkg/ssa.
const (
	created    = "created"
	configured = "configured"
	unchanged  = "unchanged"
)

// apply applies a manifest as kustomize-controller does (fluxcd/pkg/ssa, ResourceManager.apply), and returns what is stored.
func (n *tenant) apply(manifest *unstructured.Unstructured, more ...client.ApplyOption) (*unstructured.Unstructured, error) {
	applied := manifest.DeepCopy()
	options := append([]client.ApplyOption{client.FieldOwner("kustomize-controller"), client.ForceOwnership}, more...)
	err := n.client.Apply(n.Context(), client.ApplyConfigurationFromUnstructured(applied), options...)
	return applied, err
}

// dryRun returns what apply would store.
func (n *tenant) dryRun(manifest *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return n.apply(manifest, client.DryRunAll)
}

// get returns an object as it is stored; nil where it is not.
func (n *tenant) get(like *unstructured.Unstructured) *unstructured.Unstructured {
	n.Helper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(like.GroupVersionKind())
	switch err := n.client.Get(n.Context(), client.ObjectKeyFromObject(like), live); {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		n.Fatal(err)
	}
	return live
}

// reconcile does what kustomize-controller does with a manifest in one interval (fluxcd/pkg/ssa, ResourceManager.Apply): a
// dry-run, a comparison with what is stored, and where they differ the apply. It insists that the apply stores what the
// dry-run promised, and that the next interval finds nothing to do.
func (n *tenant) reconcile(manifest *unstructured.Unstructured) (action string) {
	n.Helper()
	promised := n.must(n.dryRun(manifest))
	if action = actionOf(n.get(manifest), promised); action == unchanged {
		return action
	}
	applied := n.must(n.apply(manifest))
	if diff := cmp.Diff(content(promised), content(applied)); diff != "" {
		n.Errorf("the dry-run promised something else than was stored (-promised +stored):\n%s", diff)
	}
	if next := actionOf(applied, n.must(n.dryRun(manifest))); next != unchanged {
		n.Errorf("the next interval finds drift: %s", next)
	}
	return action
}

// actionOf mirrors fluxcd/pkg/ssa, ResourceManager.hasDrifted: labels and annotations are compared, and everything else
// but metadata and status.
func actionOf(live, promised *unstructured.Unstructured) string {
	if live == nil || promised.GetResourceVersion() == "" {
		return created
	}
	same := equality.Semantic.DeepEqual(promised.GetLabels(), live.GetLabels()) &&
		equality.Semantic.DeepEqual(promised.GetAnnotations(), live.GetAnnotations()) &&
		equality.Semantic.DeepEqual(bare(promised).Object, bare(live).Object)
	if same {
		return unchanged
	}
	return configured
}

func bare(obj *unstructured.Unstructured) *unstructured.Unstructured {
	return without(without(obj, "metadata"), "status")
}

func (n *tenant) must(obj *unstructured.Unstructured, err error) *unstructured.Unstructured {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
	return obj
}
