package fluxgate.rules.require_service_account_test

import data.fluxgate.rules.require_service_account

test_an_object_that_names_one_passes if {
	every kind in ["HelmRelease", "Kustomization"] {
		judge({"kind": kind, "service_account_name": "deployer"}, plain) == set()
	}
}

test_an_object_that_names_none_is_refused if {
	every kind in ["HelmRelease", "Kustomization"] {
		judge({"kind": kind}, plain) == {{
			"source": 0,
			"own": true,
			"path": "spec.serviceAccountName",
			"message": "without serviceAccountName, Flux applies what it pulls with its own rights",
			"remediation": concat("", [
				"set spec.serviceAccountName to a ServiceAccount of this namespace ",
				"that may do what is needed",
			]),
		}}
	}
}

test_every_form_of_what_is_applied_is_judged if {
	every form in ["oci-repository", "helm-chart", "other", "untraceable", "missing"] {
		count(judge({"kind": "Kustomization"}, {"form": form, "path": "spec.sourceRef"})) == 1
	}
}

test_the_account_of_a_source_is_not_that_of_the_object if {
	inline := {"form": "oci-repository", "path": "spec.chart.spec", "provider": "aws", "service_account_name": "puller"}
	{v.path | some v in judge({"kind": "HelmRelease"}, inline)} == {"spec.serviceAccountName"}
	outer := object.remove(inline, {"service_account_name"})
	{v.path | some v in judge({"kind": "HelmRelease", "service_account_name": "deployer"}, outer)} == {
		"spec.chart.spec.serviceAccountName",
	}
}

test_a_source_that_borrows_nothing_passes if {
	judge(repository, plain) == set()
	judge(repository, object.union(plain, {"secret_ref": "pull"})) == set()
	judge(repository, object.union(cloud, {"secret_ref": "pull"})) == set()
	judge(repository, object.union(cloud, {"service_account_name": "puller"})) == set()
}

test_a_source_that_borrows_fluxs_identity_is_refused if {
	judge(repository, cloud) == {{
		"source": 0,
		"path": "spec.serviceAccountName",
		"message": `provider "aws" without serviceAccountName logs in as Flux itself`,
		"remediation": concat("", [
			"set spec.serviceAccountName to a ServiceAccount ",
			"that is bound to an identity of its own in the cloud",
		]),
	}}
}

test_a_helm_repository_has_no_place_for_one if {
	judge({"kind": "HelmRepository"}, {"form": "helm-repository", "path": "spec", "provider": "gcp"}) == {{
		"source": 0,
		"path": "spec.provider",
		"message": `provider "gcp" of a HelmRepository logs in as Flux itself: it can name no ServiceAccount`,
		"remediation": concat("", [
			"use an OCIRepository, which has serviceAccountName, ",
			"and name it in spec.chartRef of the HelmRelease",
		]),
	}}
}

test_a_source_of_another_object_is_named if {
	{[v.path, v.message] | some v in judge({"kind": "HelmChart"}, {
		"form": "helm-chart", "path": "spec", "provider": "gcp",
		"origin": {"kind": "HelmRepository", "namespace": "apps", "name": "charts"},
	})} == {[
		"spec",
		concat("", [
			"HelmRepository apps/charts: ",
			`provider "gcp" of a HelmRepository logs in as Flux itself: it can name no ServiceAccount`,
		]),
	]}
}

test_a_helm_repository_over_http_has_no_provider if {
	judge({"kind": "HelmRepository"}, {"form": "other", "path": "spec", "provider": "aws"}) == set()
}

repository := {"kind": "OCIRepository"}

plain := {"form": "oci-repository", "path": "spec", "provider": "generic"}

cloud := {"form": "oci-repository", "path": "spec", "provider": "aws"}

judge(object, source) := violations if {
	violations := require_service_account.violations with input as {"object": object, "sources": [source]}
}
