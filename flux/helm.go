package flux

import (
	"errors"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

// declareHelmRepository reads a sourcev1.HelmRepositorySpec.
func declareHelmRepository(spec fields, namespace string) Source {
	s := Source{
		Form:          FormHelmRepository,
		Kind:          sourcev1.HelmRepositoryKind,
		Path:          spec.path,
		URL:           spec.required("url"),
		Provider:      providerOf(spec),
		SecretRef:     spec.secret("secretRef"),
		CertSecretRef: spec.secret("certSecretRef"),
		Namespace:     namespace,
		Insecure:      spec.flag("insecure"),
	}
	isOCI := strings.HasPrefix(s.URL, sourcev1.OCIRepositoryPrefix)
	switch {
	case spec.text("type") == sourcev1.HelmRepositoryTypeOCI:
		s.setRepository(parseHelmRepository(s.URL))
	case isOCI:
		s.Problem = "the url begins with oci:// but the type is not oci; set type: oci"
	default:
		s.Form = FormOther
	}
	return s
}

// parseHelmRepository reads the url of a HelmRepository of type oci. Unlike go-containerregistry, Helm takes what stands
// before the first slash for a host whatever it looks like (oras-go, registry.ParseReference), while Flux verifies the
// chart by go-containerregistry's reading (source-controller, VerifyChart): only urls that both read alike are accepted.
func parseHelmRepository(url string) (Repository, error) {
	name, err := cutScheme(url)
	if err != nil {
		return Repository{}, err
	}
	// Flux trims slashes at the end, too (source-controller, repository.NormalizeURL).
	first, path, slash := strings.Cut(strings.TrimSuffix(name, "/"), "/")
	if !strings.ContainsAny(first, ".:") {
		return Repository{}, fmt.Errorf("%s is a host to Helm, but an account of Docker Hub to the rest of Flux; "+
			"write the host in full, as in oci://docker.io/<account>", quote(first))
	}
	host, err := canonicalHost(first)
	if err != nil || !slash {
		return Repository{Host: host}, err
	}
	if err := checkPath(path); err != nil {
		return Repository{}, err
	}
	return Repository{Host: host, Path: path}, nil
}

// chartOf reads what a sourcev1.HelmChartSpec and a helmv2.HelmChartTemplateSpec have in common. The url and the transport
// are those of a HelmRepository, see in.
func chartOf(spec fields) Source {
	return Source{
		Form:   FormHelmChart,
		Path:   spec.path,
		Chart:  spec.required("chart"),
		Ref:    Ref{Semver: spec.text("version")},
		Verify: verifyOf(spec),
	}
}

// in completes a chart by the HelmRepository of type oci that it is pulled from.
func (s Source) in(repository Source) Source {
	chart := repository
	chart.Form, chart.Path, chart.Chart, chart.Ref, chart.Verify = s.Form, s.Path, s.Chart, s.Ref, s.Verify
	if chart.Problem == "" {
		chart.setRepository(chartRepository(repository.Repository, s.Chart))
	}
	return chart
}

// chartRepository names the repository that Flux pulls a chart from: path.Join of the url's path and the chart's name
// (source-controller, OCIChartRepository.getChartVersion), which must not lead out of the HelmRepository.
func chartRepository(prefix Repository, chart string) (Repository, error) {
	if err := checkPath(chart); err != nil {
		return Repository{}, fmt.Errorf("chart: %w", err)
	}
	r := Repository{Host: prefix.Host, Path: chart}
	if prefix.Path != "" {
		r.Path = prefix.Path + "/" + chart
	}
	if r.Host == dockerHub && prefix.Path == "" && !strings.Contains(chart, "/") {
		return Repository{}, errors.New("the url names no account of Docker Hub; write oci://docker.io/<account>")
	}
	if len(r.Path) > maxPathLength {
		return Repository{}, fmt.Errorf("the repository has more than %d characters", maxPathLength)
	}
	return r, nil
}
