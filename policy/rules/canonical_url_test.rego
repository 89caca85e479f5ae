package fluxgate.rules.canonical_url_test

import data.fluxgate.rules.canonical_url

test_a_canonical_url_passes if {
	judge({"form": "oci-repository", "path": "spec", "repository": {"name": "ghcr.io/acme/app"}}) == set()
}

test_a_problem_is_told_with_its_reason if {
	judge({"form": "oci-repository", "path": "spec", "problem": "it contains @"}) == {{
		"source": 0,
		"path": "spec.url",
		"message": "it has no canonical form: it contains @",
		"remediation": "write spec.url in the one form that the reason names",
	}}
}

test_a_problem_of_the_ref_is_told_there if {
	judge({"form": "oci-repository", "path": "spec", "problem": "ref.tag leads away"}) == {{
		"source": 0,
		"path": "spec.ref",
		"message": "it has no canonical form: ref.tag leads away",
		"remediation": "write spec.ref in the one form that the reason names",
	}}
}

test_a_source_of_another_object_is_named if {
	judge({
		"form": "oci-repository", "path": "spec.chartRef", "problem": "it contains @",
		"origin": {"kind": "OCIRepository", "namespace": "apps", "name": "podinfo"},
	}) == {{
		"source": 0,
		"path": "spec.chartRef",
		"message": "OCIRepository apps/podinfo: it has no canonical form: it contains @",
		"remediation": "write spec.url of OCIRepository apps/podinfo in the one form that the reason names",
	}}
}

test_the_name_of_a_chart_is_the_objects_own if {
	judge({
		"form": "helm-chart", "path": "spec.chart.spec", "problem": "chart: has ..",
		"origin": {"kind": "HelmRepository", "namespace": "flux-system", "name": "charts"},
	}) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.chart",
		"message": "it has no canonical form: chart: has ..",
		"remediation": "write the name of the chart as a path below the url of the HelmRepository",
	}}
}

judge(source) := violations if {
	violations := canonical_url.violations with input as {"sources": [source]}
}
