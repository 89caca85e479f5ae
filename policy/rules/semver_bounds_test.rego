package fluxgate.rules.semver_bounds_test

import data.fluxgate.rules.semver_bounds

usual := {"upperBound": true, "prereleases": false}

bounded := {"text": "1.x", "bounded": true}

open := {"text": ">=1"}

early := {"text": ">=1.0.0-0 <2", "bounded": true, "prereleases": true}

none := {"text": "stable", "malformed": true}

test_a_range_with_an_end_passes if judge(usual, repository(bounded)) == set()

test_a_source_without_a_range_is_not_judged if {
	judge(usual, {"form": "oci-repository", "path": "spec", "ref": {"tag": "latest"}}) == set()
	judge(usual, {"form": "other", "path": "spec.sourceRef", "ref": {}}) == set()
}

test_a_range_without_an_end_is_refused if {
	judge(usual, repository(open)) == {{
		"source": 0,
		"path": "spec.ref.semver",
		"message": `">=1" has no upper bound, so that whatever comes next is taken`,
		"remediation": with_an_end("spec.ref.semver"),
	}}
}

test_an_end_need_not_be_demanded if judge({"upperBound": false, "prereleases": false}, repository(open)) == set()

test_pre_releases_are_refused if {
	judge(usual, repository(early)) == {{
		"source": 0,
		"path": "spec.ref.semver",
		"message": `">=1.0.0-0 <2" names a pre-release, which makes Flux consider them`,
		"remediation": "set spec.ref.semver to a range that names no pre-release",
	}}
}

test_pre_releases_may_be_allowed if judge({"upperBound": true, "prereleases": true}, repository(early)) == set()

test_both_flaws_are_named if count(judge(usual, repository({"text": "*-0", "prereleases": true}))) == 2

test_what_is_no_range_is_refused_whatever_the_params if {
	every params in [usual, {"upperBound": false, "prereleases": false}, {"upperBound": true, "prereleases": true}] {
		judge(params, repository(none)) == {{
			"source": 0,
			"path": "spec.ref.semver",
			"message": `"stable" is no range of versions`,
			"remediation": `set spec.ref.semver to a range of versions, as in ">=1.2.0 <2.0.0" or "1.x"`,
		}}
	}
}

test_the_version_of_a_chart_stands_beside_its_name if {
	chart := {
		"form": "helm-chart", "path": "spec.chart.spec", "ref": {"range": {"text": "*"}},
		"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
	}
	judge(usual, chart) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.version",
		"message": "without a version, whatever comes next is taken",
		"remediation": with_an_end("spec.chart.spec.version"),
	}}
}

test_it_does_without_the_HelmRepository if {
	some form in ["missing", "other"]
	judge(usual, {
		"form": form, "path": "spec.sourceRef", "ref": {"semver": ">=1", "range": open},
		"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
	}) == {{
		"source": 0,
		"own": true,
		"path": "spec.version",
		"message": `">=1" has no upper bound, so that whatever comes next is taken`,
		"remediation": with_an_end("spec.version"),
	}}
}

test_a_HelmChart_elsewhere_is_named if {
	every form in ["helm-chart", "missing", "other"] {
		judge(usual, {
			"form": form, "path": "spec.chartRef", "ref": {"semver": ">=1", "range": open},
			"origin": {"kind": "HelmChart", "namespace": "infra", "name": "chart"},
		}) == {{
			"source": 0,
			"path": "spec.chartRef",
			"message": `the HelmChart that it names: ">=1" has no upper bound, so that whatever comes next is taken`,
			"remediation": with_an_end("spec.version of the HelmChart that it names"),
		}}
	}
}

test_an_OCIRepository_elsewhere_is_named if {
	judge(usual, object.union(repository(open), {
		"path": "spec.sourceRef",
		"origin": {"kind": "OCIRepository", "namespace": "apps", "name": "app"},
	})) == {{
		"source": 0,
		"path": "spec.sourceRef",
		"message": `OCIRepository apps/app: ">=1" has no upper bound, so that whatever comes next is taken`,
		"remediation": with_an_end("spec.ref.semver of OCIRepository apps/app"),
	}}
}

test_params_must_demand_something if {
	count(semver_bounds.invalid) == 1 with input.params as params({"upperBound": false, "prereleases": true})
	semver_bounds.invalid == set() with input.params as params(usual)
}

with_an_end(field) := sprintf(`set %s to a range with an end, as in ">=1.2.0 <2.0.0" or "1.x"`, [field])

repository(range) := {"form": "oci-repository", "path": "spec", "ref": {"semver": range.text, "range": range}}

params(values) := {"semver-bounds": values}

judge(values, source) := violations if {
	violations := semver_bounds.violations with input as {"params": params(values), "sources": [source]}
}
