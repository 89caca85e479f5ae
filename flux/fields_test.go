package flux

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/google/go-cmp/cmp"
)

func TestBadObjects(t *testing.T) {
	repository := func(spec string) string {
		return "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: a, namespace: b}, spec: " + spec + "}"
	}
	for sentence, test := range map[string]struct {
		object string
		want   ObjectError
	}{
		"a number for a string": {repository(`{url: 5}`), ObjectError{Path: "spec.url", Message: "must be a string, is a number"}},
		"a fraction for a string": {
			repository(`{url: 1.5}`), ObjectError{Path: "spec.url", Message: "must be a string, is a number"}},
		"a list for a string": {
			repository(`{url: [a]}`), ObjectError{Path: "spec.url", Message: "must be a string, is a list"}},
		"no url":         {repository(`{}`), ObjectError{Path: "spec.url", Message: "is required"}},
		"a url of null":  {repository(`{url: null}`), ObjectError{Path: "spec.url", Message: "is required"}},
		"no spec":        {repository(`null`), ObjectError{Path: "spec", Message: "is required"}},
		"a list as spec": {repository(`[]`), ObjectError{Path: "spec", Message: "must be an object, is a list"}},
		"a string for a boolean": {
			repository(`{url: "oci://a/b", insecure: "true"}`), ObjectError{Path: "spec.insecure", Message: "must be a boolean, is a string"}},
		"suspend of another type": {
			repository(`{url: "oci://a/b", suspend: "true"}`), ObjectError{Path: "spec.suspend", Message: "must be a boolean, is a string"}},
		"a string for an object": {
			repository(`{url: "oci://a/b", ref: v1}`), ObjectError{Path: "spec.ref", Message: "must be an object, is a string"}},
		"a boolean for a tag": {
			repository(`{url: "oci://a/b", ref: {tag: true}}`), ObjectError{Path: "spec.ref.tag", Message: "must be a string, is a boolean"}},
		"an object for a list": {
			repository(`{url: "oci://a/b", verify: {matchOIDCIdentity: {issuer: a, subject: b}}}`),
			ObjectError{Path: "spec.verify.matchOIDCIdentity", Message: "must be a list, is an object"}},
		"null as an identity": {
			repository(`{url: "oci://a/b", verify: {matchOIDCIdentity: [{issuer: a, subject: b}, null]}}`),
			ObjectError{Path: "spec.verify.matchOIDCIdentity[1]", Message: "must be an object, is null"}},
		"a list as issuer": {
			repository(`{url: "oci://a/b", verify: {matchOIDCIdentity: [{issuer: [a], subject: b}]}}`),
			ObjectError{Path: "spec.verify.matchOIDCIdentity[0].issuer", Message: "must be a string, is a list"}},
		"a secret without a name": {
			repository(`{url: "oci://a/b", secretRef: {}}`), ObjectError{Path: "spec.secretRef.name", Message: "is required"}},
		"a namespace that is no string": {
			"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {namespace: 5}, spec: {url: \"oci://a/b\"}}",
			ObjectError{Path: "metadata.namespace", Message: "must be a string, is a number"}},
		"a label that is no string": {
			`{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {labels: {a: b, c: 5}}, spec: {url: "oci://a/b"}}`,
			ObjectError{Path: "metadata.labels", Message: "must hold strings only"}},
		"a text for labels": {
			`{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {labels: a}, spec: {url: "oci://a/b"}}`,
			ObjectError{Path: "metadata.labels", Message: "must be an object, is a string"}},
		"an annotation that is no string": {
			`{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {annotations: {a: {}}}, spec: {url: "oci://a/b"}}`,
			ObjectError{Path: "metadata.annotations", Message: "must hold strings only"}},
		"a name that is no string": {
			`{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: 5}, spec: {url: "oci://a/b"}}`,
			ObjectError{Path: "metadata.name", Message: "must be a string, is a number"}},
		"the first of several mistakes": {
			repository(`{url: 5, insecure: 5}`), ObjectError{Path: "spec.url", Message: "must be a string, is a number"}},
		"a version that Flux no longer serves": {
			"{apiVersion: helm.toolkit.fluxcd.io/v2beta1, kind: HelmRelease, spec: {}}",
			ObjectError{Path: "apiVersion", Message: `no supported version of Flux has HelmRelease in "v2beta1"`, Remedy: "use v2"}},
		"a version to come": {
			"{apiVersion: source.toolkit.fluxcd.io/v2, kind: OCIRepository, spec: {}}",
			ObjectError{Path: "apiVersion", Message: `no supported version of Flux has OCIRepository in "v2"`, Remedy: "use v1 or v1beta2"}},
		"neither chart nor chartRef": {
			release(""), ObjectError{Path: "spec", Message: "names no chart: set either chart or chartRef"}},
		"a chart without a spec": {release("  chart: {}"), ObjectError{Path: "spec.chart.spec", Message: "is required"}},
		"a chart without a sourceRef": {
			release("  chart: {spec: {chart: a}}"), ObjectError{Path: "spec.chart.spec.sourceRef", Message: "is required"}},
		"a chart without a name": {
			release("  chart: {spec: {sourceRef: {kind: HelmRepository, name: a}}}"),
			ObjectError{Path: "spec.chart.spec.chart", Message: "is required"}},
		"a chartRef without a kind": {
			release("  chartRef: {name: a}"), ObjectError{Path: "spec.chartRef.kind", Message: "is required"}},
		"a targetNamespace that is no string": {
			release("  targetNamespace: 5\n  chartRef: {kind: OCIRepository, name: a}"),
			ObjectError{Path: "spec.targetNamespace", Message: "must be a string, is a number"}},
		"a serviceAccountName that is no string": {
			release("  serviceAccountName: [a]\n  chartRef: {kind: OCIRepository, name: a}"),
			ObjectError{Path: "spec.serviceAccountName", Message: "must be a string, is a list"}},
		"a serviceAccountName of a Kustomization that is no string": {
			"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, " +
				"spec: {serviceAccountName: 5, sourceRef: {kind: OCIRepository, name: a}}}",
			ObjectError{Path: "spec.serviceAccountName", Message: "must be a string, is a number"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := Sources(t.Context(), object(t, test.object), others(t, ""))
			var bad *ObjectError
			if !errors.As(err, &bad) || got != nil {
				t.Fatalf("got %v, error %v", got, err)
			}
			if diff := cmp.Diff(test.want, *bad); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// part is a struct of Flux's API and where in an object it stands.
type part struct {
	kind, path string
	value      any
}

// parts are those of Flux's API that say what is pulled, whence and how.
func parts() []part {
	return []part{
		{"OCIRepository", "spec", sourcev1.OCIRepositorySpec{}},
		{"OCIRepository", "spec.ref", sourcev1.OCIRepositoryRef{}},
		{"OCIRepository", "spec.layerSelector", sourcev1.OCILayerSelector{}},
		{"OCIRepository", "spec.verify", sourcev1.OCIRepositoryVerification{}},
		{"OCIRepository", "spec.verify.matchOIDCIdentity[0]", sourcev1.OIDCIdentityMatch{}},
		{"OCIRepository", "spec.secretRef", meta.LocalObjectReference{}},
		{"HelmRepository", "spec", sourcev1.HelmRepositorySpec{}},
		{"HelmChart", "spec", sourcev1.HelmChartSpec{}},
		{"HelmChart", "spec.sourceRef", sourcev1.LocalHelmChartSourceReference{}},
		{"HelmChart", "spec.verify", sourcev1.HelmChartVerification{}},
		{"HelmRelease", "spec", helmv2.HelmReleaseSpec{}},
		{"HelmRelease", "spec.chart", helmv2.HelmChartTemplate{}},
		{"HelmRelease", "spec.chart.spec", helmv2.HelmChartTemplateSpec{}},
		{"HelmRelease", "spec.chart.spec.sourceRef", helmv2.CrossNamespaceObjectReference{}},
		{"HelmRelease", "spec.chart.spec.verify", helmv2.HelmChartTemplateVerification{}},
		{"HelmRelease", "spec.chartRef", helmv2.CrossNamespaceSourceReference{}},
		{"Kustomization", "spec", kustomizev1.KustomizationSpec{}},
		{"Kustomization", "spec.sourceRef", kustomizev1.CrossNamespaceSourceReference{}},
	}
}

// unread are the fields of parts that Sources need not read, by the reason.
func unread() map[string]string {
	fields := map[string][]string{
		"when something is pulled, not what": {
			"OCIRepository spec.timeout", "HelmRepository spec.timeout",
			"HelmChart spec.reconcileStrategy", "HelmRelease spec.chart.spec.reconcileStrategy", "Kustomization spec.retryInterval",
		},
		"what is done with the bytes after they were pulled and verified": {
			"OCIRepository spec.ignore", "OCIRepository spec.layerSelector.operation",
			"HelmChart spec.valuesFiles", "HelmChart spec.ignoreMissingValuesFiles",
			"HelmRelease spec.chart.spec.valuesFiles", "HelmRelease spec.chart.spec.ignoreMissingValuesFiles",
			"Kustomization spec.path", "Kustomization spec.components", "Kustomization spec.ignoreMissingComponents",
			"Kustomization spec.decryption", "Kustomization spec.postBuild", "Kustomization spec.patches", "Kustomization spec.images",
			"Kustomization spec.namePrefix", "Kustomization spec.nameSuffix", "Kustomization spec.commonMetadata",
			"Kustomization spec.buildMetadata", "HelmRelease spec.values", "HelmRelease spec.valuesFrom",
			"HelmRelease spec.postRenderers", "HelmRelease spec.postRenderStrategy", "HelmRelease spec.commonMetadata",
		},
		"how the result is applied and watched": {
			"HelmRelease spec.kubeConfig", "HelmRelease spec.releaseName", "HelmRelease spec.dependsOn", "HelmRelease spec.timeout",
			"HelmRelease spec.maxHistory", "HelmRelease spec.persistentClient",
			"HelmRelease spec.driftDetection", "HelmRelease spec.install", "HelmRelease spec.upgrade", "HelmRelease spec.test",
			"HelmRelease spec.rollback", "HelmRelease spec.uninstall", "HelmRelease spec.waitStrategy", "HelmRelease spec.healthCheckExprs",
			"Kustomization spec.kubeConfig", "Kustomization spec.dependsOn", "Kustomization spec.timeout", "Kustomization spec.prune",
			"Kustomization spec.deletionPolicy", "Kustomization spec.healthChecks", "Kustomization spec.healthCheckExprs",
			"Kustomization spec.force", "Kustomization spec.wait", "Kustomization spec.ignore",
		},
		"only Helm's record of the release goes there":        {"HelmRelease spec.storageNamespace"},
		"labels and annotations of the generated HelmChart":   {"HelmRelease spec.chart.metadata"},
		"not implemented in Flux":                             {"HelmRepository spec.accessFrom"},
		"matters to charts over http only, which are not OCI": {"HelmRepository spec.passCredentials"},
		"Flux looks at nothing but the kind": {
			"HelmChart spec.sourceRef.apiVersion", "HelmRelease spec.chart.spec.sourceRef.apiVersion",
			"HelmRelease spec.chartRef.apiVersion", "Kustomization spec.sourceRef.apiVersion",
		},
	}
	reasons := map[string]string{}
	for reason, names := range fields {
		for _, name := range names {
			reasons[name] = reason
		}
	}
	return reasons
}

// TestEveryFieldOfFluxIsReadOrKnown puts a number, which no field of interest may be, into every field of Flux's API: a
// field that is read makes it an error. A field that is new in Flux fails here until it is read or listed.
func TestEveryFieldOfFluxIsReadOrKnown(t *testing.T) {
	reasons := unread()
	for _, p := range parts() {
		for _, field := range jsonFields(reflect.TypeOf(p.value)) {
			path := p.path + "." + field
			name := p.kind + " " + path
			reason, listed := reasons[name]
			delete(reasons, name)
			obj := object(t, complete(p.kind))
			set(t, obj.Object, path, int64(5))
			_, err := Sources(t.Context(), obj, others(t, ""))
			var bad *ObjectError
			switch {
			case listed && err != nil:
				t.Errorf("%s is listed as unread (%s), but: %v", name, reason, err)
			case !listed && (!errors.As(err, &bad) || bad.Path != path):
				t.Errorf("%s is neither read nor listed: read it, or say in unread why it need not be (%v)", name, err)
			}
		}
	}
	for name := range reasons {
		t.Errorf("%s is listed, but Flux has no such field", name)
	}
}

// jsonFields lists the names of a struct's JSON fields.
func jsonFields(typ reflect.Type) []string {
	var names []string
	for field := range typ.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if options == "inline" {
			names = append(names, jsonFields(field.Type)...)
			continue
		}
		names = append(names, name)
	}
	return names
}

// complete is an object of the kind that has everything in which parts stand.
func complete(kind string) string {
	group, spec := "source.toolkit.fluxcd.io/v1", ""
	switch kind {
	case "OCIRepository":
		spec = `{url: "oci://a/b", ref: {}, layerSelector: {}, secretRef: {name: a}, verify: {matchOIDCIdentity: [{}]}}`
	case "HelmRepository":
		spec = `{url: "oci://a.b/c", type: oci}`
	case "HelmChart":
		spec = `{chart: a, sourceRef: {kind: HelmRepository, name: a}, verify: {}}`
	case "HelmRelease":
		group = "helm.toolkit.fluxcd.io/v2"
		spec = `{chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: a}, verify: {}}}, chartRef: {kind: OCIRepository, name: a}}`
	case "Kustomization":
		group, spec = "kustomize.toolkit.fluxcd.io/v1", `{sourceRef: {kind: OCIRepository, name: a}}`
	}
	return fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: a, namespace: b}, spec: %s}", group, kind, spec)
}

// set writes a value at a dotted path, in which [0] names the first entry of a list.
func set(t *testing.T, in map[string]any, path string, value any) {
	t.Helper()
	for {
		key, rest, more := strings.Cut(path, ".")
		if !more {
			in[key] = value
			return
		}
		next := in[key]
		if name, isEntry := strings.CutSuffix(key, "[0]"); isEntry {
			next = in[name].([]any)[0]
		}
		var ok bool
		if in, ok = next.(map[string]any); !ok {
			t.Fatalf("nothing stands at %s", path)
		}
		path = rest
	}
}

func TestGroupsAreFluxs(t *testing.T) {
	want := []string{sourcev1.GroupVersion.Group, helmv2.GroupVersion.Group, kustomizev1.GroupVersion.Group}
	if diff := cmp.Diff(want, []string{SourceGroup, HelmGroup, KustomizeGroup}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
