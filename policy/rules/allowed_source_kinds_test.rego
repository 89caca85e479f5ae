package fluxgate.rules.allowed_source_kinds_test

import data.fluxgate.rules.allowed_source_kinds

test_oci_artifacts_pass_and_what_is_missing_is_not_judged if {
	every form in ["oci-repository", "helm-chart", "helm-repository", "missing"] {
		judge("HelmRelease", [], {"form": form, "kind": "HelmRepository", "path": "spec.chartRef"}) == set()
	}
}

test_git_is_refused if {
	judge("Kustomization", [], git("spec.sourceRef")) == {{
		"source": 0,
		"own": true,
		"path": "spec.sourceRef",
		"message": "GitRepository is not allowed: it is no OCI artifact",
		"remediation": "set spec.sourceRef to an OCIRepository",
	}}
}

test_what_is_listed_passes if {
	judge("Kustomization", ["Bucket", "GitRepository"], git("spec.sourceRef")) == set()
	judge("Kustomization", ["HelmRepository"], http) == set()
	judge("Kustomization", ["ExternalArtifact"], unknown("ExternalArtifact")) == set()
}

test_what_is_listed_passes_for_itself_only if {
	count(judge("Kustomization", ["Bucket"], git("spec.sourceRef"))) == 1
	count(judge("Kustomization", ["GitRepository"], unknown("ExternalArtifact"))) == 1
	count(judge("HelmRelease", ["GitRepository", "Bucket", "ExternalArtifact"], http)) == 1
}

test_what_nobody_can_follow_is_refused if {
	messages(unknown("ExternalArtifact")) == {
		"ExternalArtifact is not allowed: nobody can tell what it makes Flux pull",
	}
	messages(unknown("gitrepository")) == {"gitrepository is not allowed: nobody can tell what it makes Flux pull"}
	messages(unknown("HelmRepository")) == {"HelmRepository is not allowed: nobody can tell what it makes Flux pull"}
}

test_an_unknown_inline_kind_is_refused_at_its_place if {
	judge("HelmRelease", [], {"form": "untraceable", "kind": "Bucket", "path": "spec.chart.spec"}) == {{
		"source": 0,
		"path": "spec.chart",
		"message": "Bucket is not allowed: nobody can tell what it makes Flux pull",
		"remediation": "declare an OCIRepository for the chart, and name it in spec.chartRef",
	}}
}

test_a_helm_repository_over_http_is_told_by_its_type if {
	judge("HelmRepository", [], {"form": "other", "kind": "HelmRepository", "path": "spec"}) == {{
		"source": 0,
		"path": "spec.type",
		"message": "a HelmRepository over http is not allowed",
		"remediation": "set spec.type to oci, and spec.url to the oci:// url of a registry",
	}}
}

# Whether a HelmRepository of another namespace is one over http is not the referring object's to know.
test_the_type_of_a_helm_repository_is_not_the_referring_objects_own if {
	judge("HelmRelease", [], http) == {{
		"source": 0,
		"path": "spec.chart.spec.sourceRef",
		"message": "HelmRepository infra/charts: a HelmRepository over http is not allowed",
		"remediation": "declare an OCIRepository for the chart, and name it in spec.chartRef",
	}}
}

test_what_a_helm_chart_leads_to_is_not_the_referring_objects_own if {
	judge("HelmRelease", [], git("spec.chartRef")) == {{
		"source": 0,
		"path": "spec.chartRef",
		"message": "GitRepository infra/app: GitRepository is not allowed: it is no OCI artifact",
		"remediation": "declare an OCIRepository for the chart, and name it in spec.chartRef",
	}}
}

test_a_helm_chart_is_told_what_to_do if {
	{v.remediation | some v in judge("HelmChart", [], git("spec.sourceRef"))} == {
		"declare an OCIRepository for the chart, and name it in spec.chartRef of the HelmRelease",
	}
}

test_a_known_kind_in_another_case_is_a_mistake if {
	allowed_source_kinds.invalid == {{
		"path": ".allow[1]",
		"message": `"Gitrepository" is not known: write GitRepository`,
	}} with input as {"params": {"allowed-source-kinds": {"allow": ["Bucket", "Gitrepository", "ThingOfTomorrow"]}}}
}

git(path) := {
	"form": "other", "kind": "GitRepository", "path": path,
	"origin": {"kind": "GitRepository", "namespace": "infra", "name": "app"},
}

http := {
	"form": "other", "kind": "HelmRepository", "path": "spec.chart.spec.sourceRef",
	"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
}

unknown(kind) := {
	"form": "untraceable", "kind": kind, "path": "spec.sourceRef",
	"origin": {"kind": kind, "namespace": "apps", "name": "x"},
}

messages(source) := {v.message | some v in judge("Kustomization", [], source)}

judge(kind, allow, source) := violations if {
	violations := allowed_source_kinds.violations with input as {
		"object": {"kind": kind},
		"params": {"allowed-source-kinds": {"allow": allow}},
		"sources": [source],
	}
}
