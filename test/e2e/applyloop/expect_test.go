package applyloop_test

import (
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// expectAction reports another action than the wanted one.
func (n *tenant) expectAction(want, got string) {
	n.Helper()
	if got != want {
		n.Errorf("the object is %s, want %s", got, want)
	}
}

// expectStored compares the whole object that is stored under want's name.
func (n *tenant) expectStored(want *unstructured.Unstructured) {
	n.Helper()
	live := n.get(want)
	if live == nil {
		n.Fatalf("%s %s is not stored", want.GetKind(), want.GetName())
	}
	if diff := cmp.Diff(content(want), content(live)); diff != "" {
		n.Errorf("stored object (-want +got):\n%s", diff)
	}
}

// expectWarnings compares the warnings since the last call.
func (n *tenant) expectWarnings(want ...string) {
	n.Helper()
	if diff := cmp.Diff(want, n.warnings.take()); diff != "" {
		n.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// expectNoOp applies a manifest that Flux would not, since nothing drifted: the API server must store nothing.
func (n *tenant) expectNoOp(manifest *unstructured.Unstructured) {
	n.Helper()
	// The first write after a creation stores the status that the CRD fills in, whoever makes it.
	before := n.must(n.apply(manifest))
	for what, after := range map[string]*unstructured.Unstructured{
		"an apply": n.must(n.apply(manifest)), "a dry-run": n.must(n.dryRun(manifest)),
	} {
		if diff := cmp.Diff(before.Object, after.Object); diff != "" {
			n.Errorf("%s that should change nothing does (-before +after):\n%s", what, diff)
		}
	}
}
