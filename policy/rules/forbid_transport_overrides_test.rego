package fluxgate.rules.forbid_transport_overrides_test

import data.fluxgate.rules.forbid_transport_overrides

test_a_plain_source_passes if judge([], {"form": "oci-repository", "path": "spec", "secret_ref": "pull"}) == set()

test_each_field_is_refused_by_itself if {
	judge([], worst) == {
		{
			"source": 0,
			"path": "spec.insecure",
			"message": "insecure lets anybody on the way answer in the registry's name",
			"remediation": "remove spec.insecure; what all need is set up for Flux as a whole",
		},
		{
			"source": 0,
			"path": "spec.proxySecretRef",
			"message": "proxySecretRef sends what is pulled through a proxy of the object's choice",
			"remediation": "remove spec.proxySecretRef; what all need is set up for Flux as a whole",
		},
		{
			"source": 0,
			"path": "spec.certSecretRef",
			"message": "certSecretRef trusts an authority of the object's choice",
			"remediation": "remove spec.certSecretRef; what all need is set up for Flux as a whole",
		},
	}
}

test_what_is_allowed_passes_and_nothing_else if {
	paths(["certSecretRef"]) == {"spec.insecure", "spec.proxySecretRef"}
	paths(["insecure", "proxySecretRef"]) == {"spec.certSecretRef"}
	paths(["insecure", "proxySecretRef", "certSecretRef"]) == set()
}

test_a_helm_repository_over_http_is_judged_by_what_flux_reads_of_it if {
	every path in ["spec", "spec.sourceRef"] {
		{v.message | some v in judge([], object.union(worst, {"form": "other", "path": path}))} == {
			"proxySecretRef sends what is pulled through a proxy of the object's choice",
			"certSecretRef trusts an authority of the object's choice",
		}
	}
}

test_a_source_of_another_object_is_named if {
	judge([], {
		"form": "helm-chart", "path": "spec.chart.spec", "cert_secret_ref": "ca",
		"origin": {"kind": "HelmRepository", "namespace": "infra", "name": "charts"},
	}) == {{
		"source": 0,
		"path": "spec.chart.spec",
		"message": "HelmRepository infra/charts: certSecretRef trusts an authority of the object's choice",
		"remediation": concat("", [
			"remove spec.certSecretRef of HelmRepository infra/charts; ",
			"what all need is set up for Flux as a whole",
		]),
	}}
}

worst := {
	"form": "oci-repository", "path": "spec",
	"insecure": true, "proxy_secret_ref": "proxy", "cert_secret_ref": "ca",
}

paths(allow) := {v.path | some v in judge(allow, worst)}

judge(allow, source) := violations if {
	prepared := forbid_transport_overrides.prepared with input as {
		"params": {"forbid-transport-overrides": {"allow": allow}},
	}
	violations := forbid_transport_overrides.violations with input as {
		"prepared": {"forbid-transport-overrides": prepared},
		"sources": [source],
	}
}
