package policy

// paramsOf are those without which a rule cannot be.
func paramsOf(rule string) string {
	switch rule {
	case "interval-bounds":
		return ", params: {min: 1m, max: 24h}"
	case "verify-identity":
		return `, params: {identities: [{issuer: "^https://i$", subject: "^me@acme\\.com$"}], keys: ["` + listedKey + `"]}`
	default:
		return ""
	}
}

// boundsWays are what a tenant writes to be asked too seldom, or to take more versions than he may.
func boundsWays() map[string]way {
	const charts = "sourceRef: {kind: HelmRepository, name: charts}"
	noEnd := func(text string) string { return text + " has no upper bound, so that whatever comes next is taken" }
	return map[string]way{
		"an interval of nought, after which Flux never comes back": {
			"interval-bounds", ociHead + "{interval: 0s, url: 'oci://ghcr.io/acme/app'}}", "",
			"spec.interval", `"0s" is no interval`,
		},
		"an interval of many parts": {
			"interval-bounds", kustomHead + "{interval: 23h59m59s1000.001ms, sourceRef: {kind: GitRepository, name: app}}}", "",
			"spec.interval", "23h59m59s1000.001ms is longer than 24h",
		},
		"a second interval, in a template": {
			"interval-bounds", relHead + "{interval: 10m, chart: {spec: {interval: 8760h, chart: x, " + charts + "}}}}", "",
			"spec.chart.spec.interval", "8760h is longer than 24h",
		},
		"a second interval, of an inline source": {
			"interval-bounds", relHead + "{interval: 10m, chart: {kind: OCIRepository, spec: {interval: 1ms, url: 'oci://ghcr.io/acme/app'}}}}", "",
			"spec.chart.spec.interval", "1ms is shorter than 1m",
		},
		"a second interval, in a template of a kind that nobody knows": {
			"interval-bounds", relHead + "{interval: 10m, chart: {kind: Floppy, spec: {interval: 1ms}}}}", "",
			"spec.chart.spec.interval", "1ms is shorter than 1m",
		},
		"an end that only excludes one version": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '>=1 !=999'}}}", "",
			"spec.ref.semver", noEnd(`">=1 !=999"`),
		},
		"an end of one alternative, but not of the other": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '>=1.0.0, <2 || >=3'}}}", "",
			"spec.ref.semver", noEnd(`">=1.0.0, <2 || >=3"`),
		},
		"a range to a wildcard": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '1.2 - *'}}}", "",
			"spec.ref.semver", noEnd(`"1.2 - *"`),
		},
		"two alternatives that are rewritten to others": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '1||2 - 3'}}}", "",
			"spec.ref.semver", noEnd(`"1||2 - 3"`),
		},
		"an end that no version reaches": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '<18446744073709551615.1'}}}", "",
			"spec.ref.semver", noEnd(`"<18446744073709551615.1"`),
		},
		"a range beside a digest": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {digest: 'sha256:aa', semver: '*'}}}", "",
			"spec.ref.semver", noEnd(`"*"`),
		},
		"a pre-release where it excludes something": {
			"semver-bounds", ociHead + "{url: 'oci://ghcr.io/acme/app', ref: {semver: '<2 !=1.0.0-rc1'}}}", "",
			"spec.ref.semver", `"<2 !=1.0.0-rc1" names a pre-release, which makes Flux consider them`,
		},
		"a tag for a version": {
			"semver-bounds", chartHead + "{chart: x, version: stable, " + charts + "}}", helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.version", `"stable" is no range of versions`,
		},
		"a version of a chart whose HelmRepository comes later": {
			"semver-bounds", relHead + "{chart: {spec: {chart: x, version: null, " + charts + "}}}}", "",
			"spec.chart.spec.version", "without a version, whatever comes next is taken",
		},
		"a version of a chart over http": {
			"semver-bounds", relHead + "{chart: {spec: {chart: x, version: x, " + charts + "}}}}", helmHead + "{url: 'https://secret.example.com'}}",
			"spec.chart.spec.version", noEnd(`"x"`),
		},
		"a HelmChart by hand in another namespace without a version": {
			"semver-bounds", foreignChartRef, infraChart + "\n---\n" + helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.chartRef", "HelmChart infra/chart breaks semver-bounds: ranges of versions have an end",
		},
	}
}
