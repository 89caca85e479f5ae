package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// way is what a tenant writes to get round a rule: the rule, an object of the namespace apps, what it leads to, and the
// path and message of the violation.
type way struct{ rule, object, others, path, message string }

const (
	infraChart = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmChart, metadata: {name: chart, namespace: infra}, spec: " +
		"{chart: x, sourceRef: {kind: HelmRepository, name: charts}}}"
	foreignChartRef = relHead + "{chartRef: {kind: HelmChart, name: chart, namespace: infra}}}"
	ecr             = "url: 'oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com"
)

func kindWays() map[string]way {
	return map[string]way{
		"a chart from Git": {
			"allowed-source-kinds", relHead + "{chart: {spec: {chart: x, sourceRef: {kind: GitRepository, name: app}}}}}", "",
			"spec.chart.spec.sourceRef", "GitRepository is not allowed: it is no OCI artifact",
		},
		"an inline source of a kind that nobody knows": {
			"allowed-source-kinds", relHead + "{chart: {kind: OCIRepositoryX, spec: {url: 'oci://ghcr.io/acme/app'}}}}", "",
			"spec.chart", "OCIRepositoryX is not allowed: nobody can tell what it makes Flux pull",
		},
		"a kind in another group": {
			"allowed-source-kinds", kustomHead + "{sourceRef: {apiVersion: evil.example.com/v1, kind: Bucket, name: app}}}", "",
			"spec.sourceRef", "Bucket is not allowed: it is no OCI artifact",
		},
		"a HelmRepository whose url is http": {
			"allowed-source-kinds", helmHead + "{url: 'http://charts.example.com'}}", "",
			"spec.type", "a HelmRepository over http is not allowed",
		},
		"an http HelmRepository behind a HelmChart of another namespace": {
			"allowed-source-kinds", foreignChartRef, infraChart + "\n---\n" + helmHead + "{url: 'https://secret.example.com'}}",
			"spec.chartRef", "HelmRepository infra/charts breaks allowed-source-kinds: sources are OCI artifacts",
		},
		"a HelmRepository that is not there yet": {
			"require-chart-ref", relHead + "{chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts}}}}}", "",
			"spec.chart.spec.sourceRef", "a chart of a HelmRepository can never be pinned to a digest",
		},
		"a HelmChart by hand in another namespace": {
			"require-chart-ref", foreignChartRef, infraChart + "\n---\n" + helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.chartRef", "HelmChart infra/chart breaks require-chart-ref: charts come from where they can be pinned",
		},
		"another namespace by way of a HelmChart": {
			"forbid-cross-namespace", foreignChartRef, infraChart + "\n---\n" + helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.chartRef", `it refers to a source in namespace "infra", not in its own`,
		},
		"another namespace of which nothing is known": {
			"forbid-cross-namespace", kustomHead + "{sourceRef: {kind: ExternalArtifact, name: app, namespace: infra}}}", "",
			"spec.sourceRef", `it refers to a source in namespace "infra", not in its own`,
		},
	}
}

func identityWays() map[string]way {
	return map[string]way{
		"a host that only looks like a cloud's": {
			"require-workload-identity", ociHead + "{" + ecr + ".evil.com/app', provider: aws}}", "",
			"spec.provider", `provider "aws" does not fit the host 123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.com`,
		},
		"a cloud's other name": {
			"require-workload-identity", ociHead + "{url: 'oci://123456789012.dkr-ecr.eu-west-1.on.aws/app', secretRef: {name: a}, provider: aws}}", "",
			"spec.secretRef", "secretRef is a static secret for 123456789012.dkr-ecr.eu-west-1.on.aws, and Flux prefers it to the provider",
		},
		"a url that is not canonical": {
			"require-workload-identity", ociHead + "{" + ecr + "//app', secretRef: {name: a}}}", "",
			"spec.url", "nobody can tell whose host it is: repository \"/app\" has an empty segment; remove doubled, leading and trailing slashes",
		},
		"a static secret of an inline source": {
			"require-workload-identity", relHead + "{chart: {kind: OCIRepository, spec: {" + ecr + "/app', provider: aws, secretRef: {name: a}}}}}", "",
			"spec.chart.spec.secretRef",
			"secretRef is a static secret for 123456789012.dkr.ecr.eu-west-1.amazonaws.com, and Flux prefers it to the provider",
		},
		"a certificate of an https HelmRepository": {
			"forbid-transport-overrides", helmHead + "{url: 'https://charts.example.com', certSecretRef: {name: a}}}", "",
			"spec.certSecretRef", "certSecretRef trusts an authority of the object's choice",
		},
		"a proxy of an inline source": {
			"forbid-transport-overrides", relHead + "{chart: {kind: OCIRepository, spec: {url: 'oci://ghcr.io/acme/app', proxySecretRef: {name: a}}}}}", "",
			"spec.chart.spec.proxySecretRef", "proxySecretRef sends what is pulled through a proxy of the object's choice",
		},
		"a service account of null": {
			"require-service-account", kustomHead + "{serviceAccountName: null, sourceRef: {kind: GitRepository, name: app}}}", "",
			"spec.serviceAccountName", "without serviceAccountName, Flux applies what it pulls with its own rights",
		},
		"a service account for the source only": {
			"require-service-account",
			relHead + "{chart: {kind: OCIRepository, spec: {url: 'oci://ghcr.io/acme/app', serviceAccountName: puller}}}}", "",
			"spec.serviceAccountName", "without serviceAccountName, Flux applies what it pulls with its own rights",
		},
	}
}

// TestNoWayRound: each way is found by its rule, and by it alone at one place.
func TestNoWayRound(t *testing.T) {
	for _, ways := range []map[string]way{kindWays(), identityWays(), boundsWays(), trustWays()} {
		for name, w := range ways {
			t.Run(name, func(t *testing.T) {
				p := mustParse(t, head+"  rules:\n  - {rule: "+w.rule+paramsOf(w.rule)+"}\n")
				var got []way
				for _, v := range judged(t, p, reviewOf(t, w.object, w.others)) {
					if strings.Contains(v.Message+v.Remediation, "secret.example.com") || strings.Contains(v.Message+v.Remediation, "ghcr.io/secret") {
						t.Errorf("it reveals another namespace's url: %s; %s", v.Message, v.Remediation)
					}
					got = append(got, way{v.Rule, w.object, w.others, v.Path, v.Message})
				}
				if diff := cmp.Diff([]way{w}, got, cmp.AllowUnexported(way{})); diff != "" {
					t.Error("(-want +got):\n", diff)
				}
			})
		}
	}
}
