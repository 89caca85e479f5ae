package flux

import (
	"strings"
	"testing"
)

const chartsRepository = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: shared}
spec:
  type: oci
  url: oci://ghcr.io/acme/charts
  provider: gcp
  insecure: true
  secretRef: {name: login}
  certSecretRef: {name: ca}
`

const httpRepository = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: http, namespace: shared}
spec: {url: "https://charts.example.com", secretRef: {name: basic}}
`

const podinfoChart = `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: podinfo, namespace: shared}
spec:
  chart: podinfo
  version: 6.x
  sourceRef: {kind: HelmRepository, name: charts}
  verify: {provider: notation, secretRef: {name: notation}}
`

// chartSource is the chart podinfo of chartsRepository, in the form most tests have it.
func chartSource(path string, change func(*Source)) []Source {
	s := Source{
		Form: FormHelmChart, Kind: "HelmRepository", Path: path, Origin: originOf("HelmRepository", "shared", "charts"),
		URL: "oci://ghcr.io/acme/charts", Repository: Repository{"ghcr.io", "acme/charts/podinfo"}, Chart: "podinfo",
		Provider: "gcp", SecretRef: "login", CertSecretRef: "ca", Namespace: "shared", Insecure: true,
	}
	change(&s)
	return []Source{s}
}

func TestSourcesOfHelmRepository(t *testing.T) {
	document := func(spec string) string {
		return "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: charts, namespace: prod}, spec: {" + spec + "}}"
	}
	of := func(form Form, url string, r Repository, problem string) []Source {
		return []Source{{
			Form: form, Kind: "HelmRepository", Path: "spec", URL: url, Repository: r, Problem: problem, Provider: "generic", Namespace: "prod",
		}}
	}
	for sentence, test := range map[string]sourcesTest{
		"of type oci": {
			object: document(`type: oci, url: "oci://ghcr.io/acme/charts"`),
			want:   of(FormHelmRepository, "oci://ghcr.io/acme/charts", Repository{"ghcr.io", "acme/charts"}, ""),
		},
		"with the slash at the end that Flux trims": {
			object: document(`type: oci, url: "oci://ghcr.io/acme/charts/"`),
			want:   of(FormHelmRepository, "oci://ghcr.io/acme/charts/", Repository{"ghcr.io", "acme/charts"}, ""),
		},
		"a bare host": {
			object: document(`type: oci, url: "oci://harbor.example.com:8443"`),
			want:   of(FormHelmRepository, "oci://harbor.example.com:8443", Repository{Host: "harbor.example.com:8443"}, ""),
		},
		"a single label, which is a host to Helm only": {
			object: document(`type: oci, url: "oci://org/charts"`),
			want: of(FormHelmRepository, "oci://org/charts", Repository{}, `"org" is a host to Helm, but an account of Docker Hub `+
				`to the rest of Flux; write the host in full, as in oci://docker.io/<account>`),
		},
		"two slashes at the end": {
			object: document(`type: oci, url: "oci://ghcr.io/acme//"`),
			want: of(FormHelmRepository, "oci://ghcr.io/acme//", Repository{},
				`repository "acme/" has an empty segment; remove doubled, leading and trailing slashes`),
		},
		"of type oci with an https url": {
			object: document(`type: oci, url: "https://charts.example.com"`),
			want:   of(FormHelmRepository, "https://charts.example.com", Repository{}, "the url must begin with oci://, in lower case"),
		},
		"an oci url without the type": {
			object: document(`url: "oci://ghcr.io/acme/charts"`),
			want: of(FormHelmRepository, "oci://ghcr.io/acme/charts", Repository{},
				"the url begins with oci:// but the type is not oci; set type: oci"),
		},
		"over https": {
			object: document(`type: default, url: "https://charts.example.com"`),
			want:   of(FormOther, "https://charts.example.com", Repository{}, ""),
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestSourcesOfHelmChart(t *testing.T) {
	for sentence, test := range map[string]sourcesTest{
		"in a HelmRepository of type oci": {
			object: podinfoChart, others: chartsRepository,
			want: chartSource("spec", func(s *Source) {
				s.Ref.Semver, s.Verify = "6.x", &Verify{Provider: "notation", SecretRef: "notation"}
			}),
		},
		"its sourceRef has no namespace, whatever is written": {
			object: strings.Replace(podinfoChart, "name: charts", "name: charts, namespace: elsewhere", 1), others: chartsRepository,
			want: chartSource("spec", func(s *Source) {
				s.Ref.Semver, s.Verify = "6.x", &Verify{Provider: "notation", SecretRef: "notation"}
			}),
		},
		"in a HelmRepository over https": {
			object: strings.Replace(podinfoChart, "name: charts", "name: http", 1), others: httpRepository,
			want: []Source{{
				Form: FormOther, Kind: "HelmRepository", Path: "spec.sourceRef", Origin: originOf("HelmRepository", "shared", "http"),
				URL: "https://charts.example.com", Provider: "generic", SecretRef: "basic", Namespace: "shared",
				Chart: "podinfo", Ref: Ref{Semver: "6.x"},
			}},
		},
		"in a HelmRepository that does not exist": {
			object: podinfoChart,
			want: []Source{{
				Form: FormMissing, Kind: "HelmRepository", Path: "spec.sourceRef", Namespace: "shared",
				Origin: originOf("HelmRepository", "shared", "charts"), Chart: "podinfo", Ref: Ref{Semver: "6.x"},
			}},
		},
		"at a path in Git": {
			object: strings.NewReplacer("HelmRepository", "GitRepository", "chart: podinfo", "chart: ./charts/../podinfo").Replace(podinfoChart),
			want: []Source{{
				Form: FormOther, Kind: "GitRepository", Path: "spec.sourceRef", Namespace: "shared",
				Origin: originOf("GitRepository", "shared", "charts"),
			}},
		},
		"a name that leads out of the HelmRepository": {
			object: strings.Replace(podinfoChart, "chart: podinfo", "chart: ../evil/podinfo", 1), others: chartsRepository,
			want: chartSource("spec", func(s *Source) {
				s.Chart, s.Repository = "../evil/podinfo", Repository{}
				s.Problem = `chart: repository "../evil/podinfo" has the segment "..", which a server may resolve to another repository; ` +
					`write the path without it`
				s.Ref.Semver, s.Verify = "6.x", &Verify{Provider: "notation", SecretRef: "notation"}
			}),
		},
		"a name below the HelmRepository": {
			object: strings.Replace(podinfoChart, "chart: podinfo", "chart: web/podinfo", 1), others: chartsRepository,
			want: chartSource("spec", func(s *Source) {
				s.Chart, s.Repository = "web/podinfo", Repository{"ghcr.io", "acme/charts/web/podinfo"}
				s.Ref.Semver, s.Verify = "6.x", &Verify{Provider: "notation", SecretRef: "notation"}
			}),
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestChartRepository(t *testing.T) {
	long := strings.Repeat("a", 200)
	for sentence, test := range map[string]struct {
		prefix  Repository
		chart   string
		want    Repository
		problem string
	}{
		"below a path":      {Repository{"ghcr.io", "acme"}, "podinfo", Repository{"ghcr.io", "acme/podinfo"}, ""},
		"below a bare host": {Repository{Host: "ghcr.io"}, "podinfo", Repository{"ghcr.io", "podinfo"}, ""},
		"an account of Docker Hub in the name": {
			Repository{Host: "docker.io"}, "acme/podinfo", Repository{"docker.io", "acme/podinfo"}, ""},
		"no account of Docker Hub": {
			Repository{Host: "docker.io"}, "podinfo", Repository{}, "the url names no account of Docker Hub; write oci://docker.io/<account>"},
		"a slash first": {
			Repository{"ghcr.io", "acme"}, "/evil", Repository{},
			`chart: repository "/evil" has an empty segment; remove doubled, leading and trailing slashes`},
		"a tag": {
			Repository{"ghcr.io", "acme"}, "podinfo:v1", Repository{},
			`chart: repository "podinfo:v1" contains a tag or a misplaced port; a tag belongs into ref.tag`},
		"too long together": {
			Repository{"ghcr.io", long}, long, Repository{}, "the repository has more than 255 characters"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := chartRepository(test.prefix, test.chart)
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if got != test.want || problem != test.problem {
				t.Errorf("got %q, %q, want %q, %q", got, problem, test.want, test.problem)
			}
		})
	}
}
