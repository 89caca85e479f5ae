package fluxgate.rules.forbid_cross_namespace_test

import data.fluxgate.rules.forbid_cross_namespace

test_the_own_namespace_passes if judge([], reference("missing", "spec.sourceRef", "apps")) == set()

test_what_refers_to_nothing_passes if judge([], {"form": "oci-repository", "path": "spec"}) == set()

test_another_namespace_is_refused if {
	judge([], reference("oci-repository", "spec.chartRef", "infra")) == {{
		"source": 0,
		"own": true,
		"path": "spec.chartRef",
		"message": `it refers to a source in namespace "infra", not in its own`,
		"remediation": `declare the source in namespace "apps", and remove namespace from spec.chartRef`,
	}}
}

test_a_chart_is_told_at_its_reference if {
	{v.path | some v in judge([], chart("HelmRepository", "spec.chart.spec"))} == {"spec.chart.spec.sourceRef"}
	{v.path | some v in judge([], chart("HelmChart", "spec.chartRef"))} == {"spec.chartRef"}
}

test_every_form_is_judged_even_what_is_missing if {
	every form in ["oci-repository", "other", "untraceable", "missing"] {
		count(judge([], reference(form, "spec.sourceRef", "infra"))) == 1
	}
}

test_a_listed_namespace_passes_by_its_whole_name if {
	judge(["flux-system", "infra"], reference("other", "spec.sourceRef", "infra")) == set()
	count(judge(["infra"], reference("other", "spec.sourceRef", "infra-evil"))) == 1
	count(judge(["infra"], reference("other", "spec.sourceRef", "infr"))) == 1
}

test_a_namespace_that_nobody_knows_is_not_another_ones if {
	violations := forbid_cross_namespace.violations with input as {
		"object": {"kind": "Kustomization"},
		"params": {"forbid-cross-namespace": {"namespaces": []}},
		"sources": [reference("other", "spec.sourceRef", "apps")],
	}
	count(violations) == 1
}

reference(form, path, namespace) := {
	"form": form, "path": path,
	"origin": {"kind": "OCIRepository", "namespace": namespace, "name": "app"},
}

chart(kind, path) := {
	"form": "helm-chart", "path": path,
	"origin": {"kind": kind, "namespace": "infra", "name": "charts"},
}

judge(namespaces, source) := violations if {
	violations := forbid_cross_namespace.violations with input as {
		"object": {"kind": "HelmRelease", "namespace": "apps"},
		"params": {"forbid-cross-namespace": {"namespaces": namespaces}},
		"sources": [source],
	}
}
