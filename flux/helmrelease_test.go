package flux

import (
	"strings"
	"testing"
)

// release is a HelmRelease with the given lines below spec.
func release(spec string) string {
	return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app, namespace: prod}\nspec:\n" +
		"  interval: 10m\n" + strings.ReplaceAll(strings.TrimPrefix(spec, "\n"), "\t", "  ")
}

func TestSourcesOfHelmRelease(t *testing.T) {
	template := `
  chart:
    spec:
      chart: podinfo
      version: ">=6.0.0"
      sourceRef: {kind: HelmRepository, name: charts, namespace: shared}
      verify: {provider: cosign, secretRef: {name: keys}}
`
	fromTemplate := chartSource("spec.chart.spec", func(s *Source) {
		s.Ref.Semver, s.Verify = ">=6.0.0", &Verify{Provider: "cosign", SecretRef: "keys"}
	})
	for sentence, test := range map[string]sourcesTest{
		"a chart in a HelmRepository of type oci": {
			object: release(template), others: chartsRepository, want: fromTemplate,
		},
		"the same by its kind's name": {
			object: release(strings.Replace(template, "  chart:\n", "  chart:\n    kind: HelmChart\n", 1)), others: chartsRepository,
			want: fromTemplate,
		},
		"a chart in a HelmRepository that does not exist": {
			object: release(template),
			want: []Source{{
				Form: FormMissing, Kind: "HelmRepository", Path: "spec.chart.spec.sourceRef", Namespace: "shared",
				Origin: originOf("HelmRepository", "shared", "charts"), Chart: "podinfo", Ref: Ref{Semver: ">=6.0.0"},
			}},
		},
		"a chart in a HelmRepository over https": {
			object: release(strings.Replace(template, "name: charts", "name: http", 1)), others: httpRepository,
			want: []Source{{
				Form: FormOther, Kind: "HelmRepository", Path: "spec.chart.spec.sourceRef", Origin: originOf("HelmRepository", "shared", "http"),
				URL: "https://charts.example.com", Provider: "generic", SecretRef: "basic", Namespace: "shared",
				Chart: "podinfo", Ref: Ref{Semver: ">=6.0.0"},
			}},
		},
		"a chart in Git": {
			object: release("  chart: {spec: {chart: ./charts/app, sourceRef: {kind: GitRepository, name: app}}}"),
			want: []Source{{
				Form: FormOther, Kind: "GitRepository", Path: "spec.chart.spec.sourceRef", Namespace: "prod",
				Origin: originOf("GitRepository", "prod", "app"),
			}},
		},
		"a sourceRef to an OCIRepository, which Flux refuses": {
			object: release("  chart: {spec: {chart: podinfo, sourceRef: {kind: OCIRepository, name: podinfo, namespace: shared}}}"),
			others: podinfoRepository, want: []Source{podinfoSource("spec.chart.spec.sourceRef")},
		},
		"a sourceRef of an unknown kind": {
			object: release("  chart: {spec: {chart: podinfo, sourceRef: {kind: Floppy, name: a}}}"),
			want: []Source{{
				Form: FormUntraceable, Kind: "Floppy", Path: "spec.chart.spec.sourceRef", Namespace: "prod", Origin: originOf("Floppy", "prod", "a"),
			}},
		},
		"a chartRef to an OCIRepository": {
			object: release("  chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}"), others: podinfoRepository,
			want: []Source{podinfoSource("spec.chartRef")},
		},
		"a chartRef to a HelmChart is followed to its HelmRepository": {
			object: release("  chartRef: {kind: HelmChart, name: podinfo, namespace: shared}"), others: podinfoChart + "---\n" + chartsRepository,
			want: chartSource("spec.chartRef", func(s *Source) {
				s.Origin = originOf("HelmChart", "shared", "podinfo")
				s.Ref.Semver, s.Verify = "6.x", &Verify{Provider: "notation", SecretRef: "notation"}
			}),
		},
		"a chartRef to a HelmChart whose HelmRepository does not exist": {
			object: release("  chartRef: {kind: HelmChart, name: podinfo, namespace: shared}"), others: podinfoChart,
			want: []Source{{
				Form: FormMissing, Kind: "HelmRepository", Path: "spec.chartRef", Namespace: "shared",
				Origin: originOf("HelmRepository", "shared", "charts"), Chart: "podinfo", Ref: Ref{Semver: "6.x"},
			}},
		},
		"a chartRef to an ExternalArtifact": {
			object: release("  chartRef: {kind: ExternalArtifact, name: a}"),
			want: []Source{{
				Form: FormUntraceable, Kind: "ExternalArtifact", Path: "spec.chartRef", Namespace: "prod",
				Origin: originOf("ExternalArtifact", "prod", "a"),
			}},
		},
		"chart and chartRef are both read": {
			object: release(template + "  chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}"),
			others: podinfoRepository + "---\n" + chartsRepository,
			want:   append(fromTemplate, podinfoSource("spec.chartRef")),
		},
		"an OCIRepository inline, as from helm-controller 1.7": {
			object: release(`
  chart:
    kind: OCIRepository
    spec:
      url: oci://ghcr.io/acme/charts/podinfo
      ref: {semver: 6.x}
      secretRef: {name: login}
      layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip}
      verify: {provider: cosign, matchOIDCIdentity: [{issuer: i, subject: s}]}
`),
			want: []Source{{
				Form: FormOCIRepository, Kind: "OCIRepository", Path: "spec.chart.spec", Namespace: "prod", Provider: "generic",
				URL: "oci://ghcr.io/acme/charts/podinfo", Repository: Repository{"ghcr.io", "acme/charts/podinfo"},
				Ref: Ref{Semver: "6.x"}, MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", SecretRef: "login",
				Verify: &Verify{Provider: "cosign", Identities: []Identity{{Issuer: "i", Subject: "s"}}},
			}},
		},
		"a kind of template to come": {
			object: release("  chart: {kind: Torrent, spec: {url: \"magnet:\"}}"),
			want:   []Source{{Form: FormUntraceable, Kind: "Torrent", Path: "spec.chart.spec", Namespace: "prod"}},
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestPinnable(t *testing.T) {
	for path, test := range map[string]struct {
		object string
		want   bool
	}{
		"spec":                      {podinfoRepository, true},
		"spec.chart.spec":           {release("  chart: {kind: OCIRepository, spec: {url: \"oci://ghcr.io/acme/app\"}}"), true},
		"spec.chartRef":             {release("  chartRef: {kind: OCIRepository, name: podinfo, namespace: shared}"), false},
		"spec.chart.spec.sourceRef": {release("  chart: {spec: {chart: a, sourceRef: {kind: GitRepository, name: a}}}"), false},
	} {
		got, err := Sources(t.Context(), object(t, test.object), others(t, podinfoRepository))
		if err != nil || len(got) != 1 || got[0].Path != path || got[0].Pinnable() != test.want {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
}

func TestServiceAccountName(t *testing.T) {
	for text, want := range map[string]string{
		release("  serviceAccountName: deployer"): "deployer",
		release("  serviceAccountName: [a]"):      "",
		release("  suspend: false"):               "",
		"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: {serviceAccountName: deployer}}": "deployer",
		"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, spec: {serviceAccountName: puller}}":      "",
	} {
		if got := ServiceAccountName(object(t, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestTargetNamespaceAndSuspended(t *testing.T) {
	for text, want := range map[string]struct {
		target    string
		suspended bool
	}{
		release("  targetNamespace: other\n  storageNamespace: flux-system\n  suspend: true"):                              {"other", true},
		release("  targetNamespace: 5\n  suspend: \"true\""):                                                               {"", false},
		release("  suspend: false"):                                                                                        {"", false},
		"{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, spec: {targetNamespace: other}}":                {"other", false},
		"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, spec: {targetNamespace: nonsense, suspend: true}}": {"", true},
		"{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, spec: []}":                                         {"", false},
	} {
		obj := object(t, text)
		if target, suspended := TargetNamespace(obj), Suspended(obj); target != want.target || suspended != want.suspended {
			t.Errorf("%s: %q, %t, want %q, %t", text, target, suspended, want.target, want.suspended)
		}
	}
}
