package check

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
)

func TestReferringIsWhatTheFilesSay(t *testing.T) {
	const generated = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {generateName: r-, namespace: x}
spec: {targetNamespace: prod, chartRef: {kind: OCIRepository, name: a}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {generateName: r-, namespace: x}
spec: {targetNamespace: live, chartRef: {kind: OCIRepository, name: a}}
---
apiVersion: v1
kind: Namespace
metadata: {name: live, labels: {environment: production}}
---
`
	inventory := readStdin(generated + oci("x", "a"))
	source := flux.Key{Group: flux.SourceGroup, Kind: "OCIRepository", NamespacedName: types.NamespacedName{Namespace: "x", Name: "a"}}
	got, err := inventory.Referring(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) map[string]string { return map[string]string{"kubernetes.io/metadata.name": name} }
	want := []policy.Namespace{
		{Name: "live", Labels: map[string]string{"kubernetes.io/metadata.name": "live", "environment": "production"}},
		{Name: "prod", Labels: named("prod")}, {Name: "x", Labels: named("x")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	source.Name = "other"
	if got, err := inventory.Referring(t.Context(), source); got != nil || err != nil {
		t.Errorf("got %v, %v for a source that nobody refers to", got, err)
	}
}
