package fluxgate.rules.require_workload_identity_test

import data.fluxgate.rules.require_workload_identity

test_the_clouds_own_identity_passes if {
	every cloud in ["aws", "gcp", "azure"] {
		judge(at(cloud, {"provider": cloud})) == set()
		judge(at(cloud, {"provider": cloud, "service_account_name": "puller"})) == set()
	}
}

test_other_hosts_are_left_to_their_secrets if {
	judge(at("generic", {"provider": "generic", "secret_ref": "pull"})) == set()
	judge(at("generic", {})) == set()
}

test_a_cloud_without_its_identity_is_refused if {
	judge(at("aws", {"provider": "generic"})) == {{
		"source": 0,
		"path": "spec.provider",
		"message": "r.example.com is a registry of aws, and is reached without its identity",
		"remediation": "set spec.provider to aws",
	}}
	paths(at("gcp", {})) == {"spec.provider"}
}

test_another_clouds_identity_is_refused if {
	judge(at("azure", {"provider": "aws"})) == {{
		"source": 0,
		"path": "spec.provider",
		"message": `provider "aws" does not fit the host r.example.com`,
		"remediation": "set spec.provider to azure",
	}}
}

# A look-alike of a cloud's host is generic: it must not be offered a token.
test_a_cloud_identity_for_another_host_is_refused if {
	judge(at("generic", {"provider": "gcp"})) == {{
		"source": 0,
		"path": "spec.provider",
		"message": `provider "gcp" does not fit the host r.example.com`,
		"remediation": "remove spec.provider, as the host is no cloud's",
	}}
}

test_a_static_secret_is_refused_beside_the_provider_too if {
	judge(at("aws", {"provider": "aws", "secret_ref": "pull"})) == {{
		"source": 0,
		"path": "spec.secretRef",
		"message": "secretRef is a static secret for r.example.com, and Flux prefers it to the provider",
		"remediation": "remove spec.secretRef",
	}}
	paths(at("aws", {"provider": "generic", "secret_ref": "pull"})) == {"spec.provider", "spec.secretRef"}
}

test_what_is_public_needs_no_provider if {
	every name in ["public.ecr.aws/acme/app", "gcr.io/distroless/static"] {
		judge(named(name, {"provider": "generic"})) == set()
		judge(named(name, {"provider": "aws"})) == set()
	}
}

test_what_is_public_needs_no_secret_and_no_other_cloud if {
	paths(named("public.ecr.aws/acme/app", {"provider": "generic", "secret_ref": "pull"})) == {"spec.secretRef"}
	paths(named("public.ecr.aws/acme/app", {"provider": "gcp"})) == {"spec.provider"}
}

test_what_is_public_is_compared_by_whole_segments if {
	every name in ["public.ecr.aws.evil.com/acme/app", "gcr.io/distroless/static-evil", "gcr.io/distroless/static/deep"] {
		paths(named(name, {"provider": "generic"})) == {"spec.provider"}
	}
}

test_a_helm_repository_is_public_where_all_below_it_is if {
	prefix := object.union(named("public.ecr.aws", {"provider": "generic"}), {"form": "helm-repository"})
	judge(prefix) == set()
	paths(object.union(named("gcr.io", {}), {"form": "helm-repository"})) == {"spec.provider"}
}

test_an_artifact_is_not_below_its_own_name if {
	paths(named("public.ecr.aws", {"provider": "generic"})) == {"spec.provider"}
}

test_what_has_no_canonical_name_is_refused if {
	judge({"form": "oci-repository", "path": "spec", "problem": "it has an empty segment", "secret_ref": "pull"}) == {{
		"source": 0,
		"path": "spec.url",
		"message": "nobody can tell whose host it is: it has an empty segment",
		"remediation": "write it in its canonical form, as canonical-url asks for",
	}}
}

test_what_names_no_registry_is_not_judged if {
	every form in ["other", "missing", "untraceable"] {
		judge({"form": form, "path": "spec.sourceRef", "provider": "aws", "secret_ref": "pull"}) == set()
	}
}

test_a_source_of_another_object_is_named if {
	judge(object.union(at("aws", {"provider": "generic"}), {
		"form": "helm-chart", "path": "spec.chart.spec",
		"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
	})) == {{
		"source": 0,
		"path": "spec.chart.spec",
		"message": concat("", [
			"HelmRepository infra/charts: ",
			"r.example.com is a registry of aws, and is reached without its identity",
		]),
		"remediation": "set spec.provider of HelmRepository infra/charts to aws",
	}}
}

at(cloud, fields) := object.union(fields, {
	"form": "oci-repository", "path": "spec",
	"repository": {
		"host": "r.example.com", "cloud": cloud,
		"name": "r.example.com/app", "parents": ["r.example.com"],
	},
})

# A repository of aws, with the parents that its name has.
named(name, fields) := object.union(fields, {
	"form": "oci-repository", "path": "spec",
	"repository": {
		"host": segments[0], "cloud": "aws", "name": name,
		"parents": [concat("/", array.slice(segments, 0, i)) | some i, _ in segments; i > 0],
	},
}) if {
	segments := split(name, "/")
}

paths(source) := {v.path | some v in judge(source)}

judge(source) := violations if {
	violations := require_workload_identity.violations with input as {
		"params": {"require-workload-identity": {"public": ["public.ecr.aws/**", "gcr.io/distroless/static"]}},
		"sources": [source],
	}
}
