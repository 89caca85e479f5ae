package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
)

func TestLabels(t *testing.T) {
	inventory := readStdin("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: prod\n" +
		"  labels: {environment: prod, kubernetes.io/metadata.name: lax}\n")
	got := map[string]map[string]string{}
	for _, name := range []string{"prod", "other", "a-third"} {
		labels, err := inventory.Labels(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = labels
	}
	want := map[string]map[string]string{
		"prod":    {"environment": "prod", "kubernetes.io/metadata.name": "prod"},
		"other":   {"kubernetes.io/metadata.name": "other"},
		"a-third": {"kubernetes.io/metadata.name": "a-third"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a-third", "other"}, inventory.missingNamespaces()); diff != "" {
		t.Errorf("missing namespaces (-want +got):\n%s", diff)
	}
}

func TestLookupOfAnAbsentObjectIsNoError(t *testing.T) {
	got, err := readStdin(oci("x", "a")).Lookup(t.Context(), flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository"})
	if got != nil || err != nil {
		t.Errorf("got %v and error %v, want neither", got, err)
	}
}
