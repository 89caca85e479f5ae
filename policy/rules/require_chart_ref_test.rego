package fluxgate.rules.require_chart_ref_test

import data.fluxgate.rules.require_chart_ref

test_an_oci_repository_passes_by_reference_and_inline if {
	judge("HelmRelease", {"form": "oci-repository", "kind": "OCIRepository", "path": "spec.chart.spec"}) == set()
	judge("HelmRelease", {
		"form": "oci-repository", "kind": "OCIRepository", "path": "spec.chartRef",
		"origin": {"kind": "OCIRepository", "namespace": "apps", "name": "app"},
	}) == set()
}

test_git_is_the_matter_of_another_rule if {
	judge("HelmRelease", {
		"form": "other", "kind": "GitRepository", "path": "spec.chart.spec.sourceRef",
		"origin": {"kind": "GitRepository", "namespace": "apps", "name": "app"},
	}) == set()
}

test_a_chart_of_a_helm_repository_is_refused if {
	judge("HelmRelease", chart("spec.chart.spec", "HelmRepository")) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.sourceRef",
		"message": "a chart of a HelmRepository can never be pinned to a digest",
		"remediation": how,
	}}
}

test_over_http_or_not_there_yet_is_no_excuse if {
	every form in ["other", "missing"] {
		judge("HelmRelease", {
			"form": form, "kind": "HelmRepository", "path": "spec.chart.spec.sourceRef",
			"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
		}) == {{
			"source": 0,
			"own": true,
			"path": "spec.chart.spec.sourceRef",
			"message": "a chart of a HelmRepository can never be pinned to a digest",
			"remediation": how,
		}}
	}
}

test_a_helm_chart_by_hand_is_refused if {
	{v.path | some v in judge("HelmChart", chart("spec", "HelmRepository"))} == {"spec.sourceRef"}
}

# What a HelmChart of another namespace uses is not the referring object's to know, so the violation is not its own.
test_the_release_that_refers_to_a_helm_chart_is_refused if {
	judge("HelmRelease", chart("spec.chartRef", "HelmChart")) == {{
		"source": 0,
		"path": "spec.chartRef",
		"message": "HelmChart infra/charts: a chart of a HelmRepository can never be pinned to a digest",
		"remediation": how,
	}}
}

test_a_helm_repository_alone_names_no_chart if {
	every form in ["helm-repository", "other"] {
		judge("HelmRepository", {"form": form, "kind": "HelmRepository", "path": "spec"}) == set()
	}
}

test_a_kustomization_has_no_chart if {
	judge("Kustomization", {
		"form": "untraceable", "kind": "HelmRepository", "path": "spec.sourceRef",
		"origin": {"kind": "HelmRepository", "namespace": "apps", "name": "charts"},
	}) == set()
}

how := "declare an OCIRepository for the chart, and name it in spec.chartRef of the HelmRelease"

chart(path, kind) := {
	"form": "helm-chart", "kind": "HelmRepository", "path": path,
	"origin": {"kind": kind, "namespace": "infra", "name": "charts"},
}

judge(kind, source) := violations if {
	violations := require_chart_ref.violations with input as {"object": {"kind": kind}, "sources": [source]}
}
