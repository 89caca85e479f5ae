package flux

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// key names a source.
func key(kind, namespace, name string) Key { return *originOf(kind, namespace, name) }

// refers is a case of what an object refers to, and for which namespaces.
type refers struct {
	object     string
	want       []Key
	namespaces []string // prod where empty
}

func (test refers) run(t *testing.T) {
	obj := object(t, test.object)
	if test.namespaces == nil {
		test.namespaces = []string{"prod"}
	}
	for what, read := range map[string]*unstructured.Unstructured{"the object": obj, "its skeleton": Skeleton(obj)} {
		if diff := cmp.Diff(test.want, References(read)); diff != "" {
			t.Errorf("references of %s (-want +got):\n%s", what, diff)
		}
		if diff := cmp.Diff(test.namespaces, Namespaces(read)); diff != "" {
			t.Errorf("namespaces of %s (-want +got):\n%s", what, diff)
		}
	}
}

func TestReferencesOfHelmReleases(t *testing.T) {
	for sentence, test := range map[string]refers{
		"a chartRef in its own namespace": {
			object: release("  chartRef: {kind: OCIRepository, name: app}"),
			want:   []Key{key("OCIRepository", "prod", "app")},
		},
		"a chartRef to a HelmChart of another namespace, for another one": {
			object:     release("  targetNamespace: live\n  chartRef: {kind: HelmChart, name: app, namespace: shared}"),
			want:       []Key{key("HelmChart", "shared", "app")},
			namespaces: []string{"prod", "live"},
		},
		"a chart in a HelmRepository, and the HelmChart that helm-controller makes beside it": {
			object: release("  chart: {spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts, namespace: shared}}}"),
			want:   []Key{key("HelmRepository", "shared", "charts"), key("HelmChart", "shared", "prod-app")},
		},
		"a sourceRef to an OCIRepository, which is rewritten to a chartRef": {
			object: release("  chart: {spec: {chart: app, sourceRef: {kind: OCIRepository, name: app}}}"),
			want:   []Key{key("OCIRepository", "prod", "app"), key("HelmChart", "prod", "prod-app")},
		},
		"a chart in Git: only the HelmChart, since nobody judges a GitRepository": {
			object: release("  chart: {spec: {chart: ./app, sourceRef: {kind: GitRepository, name: app}}}"),
			want:   []Key{key("HelmChart", "prod", "prod-app")},
		},
		"an inline OCIRepository refers to what helm-controller makes of it": {
			object: release("  targetNamespace: prod\n  chart: {kind: OCIRepository, spec: {url: \"oci://ghcr.io/acme/app\"}}"),
			want:   []Key{key("OCIRepository", "prod", "prod-app")},
		},
		"a chart and a chartRef, which Flux's schema refuses, are two references": {
			object: release("  chart: {spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts}}}\n  chartRef: {kind: OCIRepository, name: app}"),
			want: []Key{
				key("HelmRepository", "prod", "charts"), key("HelmChart", "prod", "prod-app"), key("OCIRepository", "prod", "app")},
		},
		"one that is suspended still refers": {
			object: release("  suspend: true\n  chartRef: {kind: OCIRepository, name: app}"),
			want:   []Key{key("OCIRepository", "prod", "app")},
		},
		"a mistake somewhere else does not hide a reference": {
			object: release("  serviceAccountName: 5\n  chartRef: {kind: OCIRepository, name: app, namespace: 5}"),
			want:   []Key{key("OCIRepository", "prod", "app")},
		},
		"an ExternalArtifact, an unknown kind, and no name": {
			object: release("  chart: {kind: Floppy, spec: {}}\n  chartRef: {kind: ExternalArtifact, name: app}"),
		},
		"a name that no object can have": {
			object: release("  chartRef: {kind: OCIRepository, name: " + strings.Repeat("a", 254) + "}"),
		},
		"no name":    {object: release("  chartRef: {kind: OCIRepository}")},
		"no fields":  {object: release("  chartRef: [OCIRepository]\n  chart: app\n  targetNamespace: [live]")},
		"no chart":   {object: release("")},
		"an old one": {object: strings.Replace(release("  chartRef: {kind: OCIRepository, name: app}"), "/v2", "/v2beta2", 1), want: []Key{key("OCIRepository", "prod", "app")}},
	} {
		t.Run(sentence, test.run)
	}
}

func TestReferencesOfOtherKinds(t *testing.T) {
	head := func(apiVersion, kind string) string {
		return fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: {name: app, namespace: prod}\n", apiVersion, kind)
	}
	kustomization := head("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
	chart := head("source.toolkit.fluxcd.io/v1", "HelmChart")
	for sentence, test := range map[string]refers{
		"a Kustomization, for another namespace": {
			object:     kustomization + "spec: {targetNamespace: live, sourceRef: {kind: OCIRepository, name: app, namespace: shared}}",
			want:       []Key{key("OCIRepository", "shared", "app")},
			namespaces: []string{"prod", "live"},
		},
		"a Kustomization in Git": {object: kustomization + "spec: {sourceRef: {kind: GitRepository, name: app}}"},
		"a Kustomization's HelmRepository, which there is none": {
			object: kustomization + "spec: {sourceRef: {kind: HelmRepository, name: app}}"},
		"a HelmChart stays in its namespace, and has no targetNamespace": {
			object: chart + "spec: {chart: app, targetNamespace: live, sourceRef: {kind: HelmRepository, name: charts, namespace: shared}}",
			want:   []Key{key("HelmRepository", "prod", "charts")},
		},
		"a HelmChart refers to no HelmChart": {object: chart + "spec: {chart: app, sourceRef: {kind: HelmChart, name: app}}"},
		"an OCIRepository refers to nothing": {object: head("source.toolkit.fluxcd.io/v1", "OCIRepository") + "spec: {url: \"oci://a.b/c\"}"},
		"a kind that is not Flux's":          {object: head("apps/v1", "Kustomization") + "spec: {sourceRef: {kind: OCIRepository, name: app}}"},
		"kustomize's own Kustomization":      {object: head("kustomize.config.k8s.io/v1beta1", "Kustomization") + "spec: {sourceRef: {kind: OCIRepository, name: app}}"},
		"no spec":                            {object: kustomization},
	} {
		t.Run(sentence, test.run)
	}
}

func TestASkeletonIsSmall(t *testing.T) {
	obj := object(t, release("  targetNamespace: live\n  values: {a: "+strings.Repeat("x", 1<<20)+"}\n"+
		"  chart: {metadata: {labels: {a: b}}, spec: {chart: app, sourceRef: {kind: HelmRepository, name: charts}, interval: 1h}}"))
	obj.SetResourceVersion("7")
	obj.SetLabels(map[string]string{"a": "b"})
	want := map[string]any{
		"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
		"metadata": map[string]any{"namespace": "prod", "name": "app", "resourceVersion": "7"},
		"spec": map[string]any{
			"targetNamespace": "live",
			"chart":           map[string]any{"spec": map[string]any{"sourceRef": map[string]any{"kind": "HelmRepository", "name": "charts"}}},
		},
	}
	if diff := cmp.Diff(want, Skeleton(obj).Object); diff != "" {
		t.Errorf("skeleton (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, Skeleton(Skeleton(obj)).Object); diff != "" {
		t.Errorf("the skeleton of a skeleton (-want +got):\n%s", diff)
	}
}

// FuzzSkeleton checks on arbitrary objects that a skeleton refers to what the object refers to, that nothing panics, and that
// what is remembered of it is bounded.
func FuzzSkeleton(f *testing.F) {
	f.Add("HelmRelease", `{"chart":{"kind":"HelmChart","spec":{"sourceRef":{"kind":"HelmRepository","name":"b"}}}}`)
	f.Add("HelmRelease", `{"chart":{"kind":5,"spec":[]},"chartRef":{"kind":"OCIRepository","name":"b","namespace":7},"targetNamespace":{}}`)
	f.Add("HelmRelease", `{"chart":{"kind":"`+strings.Repeat("k", 300)+`","spec":{}}}`)
	f.Add("HelmRelease", `{"chartRef":{"kind":"OCIRepository","name":"`+strings.Repeat("n", 300)+`"}}`)
	f.Add("Kustomization", `{"sourceRef":{"kind":"OCIRepository","name":"b","namespace":"c"}}`)
	f.Add("Kustomization", `7`)
	f.Fuzz(func(t *testing.T, kind, spec string) {
		var value any
		if json.Unmarshal([]byte(spec), &value) != nil {
			return
		}
		apiVersion := HelmGroup + "/v2"
		if kind == "Kustomization" {
			apiVersion = KustomizeGroup + "/v1"
		}
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": "a", "namespace": "prod"}, "spec": value,
		}}
		got := References(obj)
		if diff := cmp.Diff(got, References(Skeleton(obj))); diff != "" {
			t.Errorf("the skeleton refers to something else (-object +skeleton):\n%s", diff)
		}
		for _, key := range got {
			if key.Name == "" || len(key.Name) > 253 || key.Namespace == "" || len(key.Namespace) > 63 || key.Group != SourceGroup {
				t.Errorf("a reference to %+v", key)
			}
		}
	})
}
