package fluxgate.rules.forbid_insecure_test

import data.fluxgate.rules.forbid_insecure

test_tls_passes if {
	judge({"form": "oci-repository", "path": "spec", "repository": {"host": "ghcr.io"}}) == set()
}

test_insecure_is_refused_whatever_the_provider_is if {
	judge({"form": "oci-repository", "path": "spec", "insecure": true, "provider": "aws"}) == {{
		"source": 0,
		"path": "spec.insecure",
		"message": "insecure allows plain http and unverified certificates",
		"remediation": "remove spec.insecure; a private authority goes into certSecretRef",
	}}
}

test_insecure_of_a_helm_repository_is_refused_for_its_chart if {
	judge({
		"form": "helm-chart", "path": "spec.chart.spec", "insecure": true,
		"origin": {"kind": "HelmRepository", "namespace": "apps", "name": "charts"},
	}) == {{
		"source": 0,
		"path": "spec.chart.spec",
		"message": "HelmRepository apps/charts: insecure allows plain http and unverified certificates",
		"remediation": "remove spec.insecure of HelmRepository apps/charts; a private authority goes into certSecretRef",
	}}
}

test_insecure_of_what_is_no_artifact_is_not_judged if {
	judge({"form": "other", "path": "spec", "insecure": true}) == set()
}

test_a_host_that_flux_reaches_by_http_is_refused if {
	judge({
		"form": "helm-repository", "path": "spec",
		"repository": {"host": "10.0.0.5:5000", "silent_http": true},
	}) == {{
		"source": 0,
		"path": "spec.url",
		"message": "Flux reaches the host 10.0.0.5:5000 by plain http",
		"remediation": "serve the registry by TLS under a public name and write that name in spec.url",
	}}
}

test_a_proxy_with_certificates_of_the_object_s_own_is_refused if {
	source := {
		"form": "oci-repository", "path": "spec", "repository": {"host": "ghcr.io"},
		"cert_secret_ref": "ca", "proxy_secret_ref": "proxy",
	}
	judge(source) == {{
		"source": 0,
		"path": "spec.proxySecretRef",
		"message": "certSecretRef beside proxySecretRef lets the proxy answer in the registry's name",
		"remediation": "remove spec.proxySecretRef or spec.certSecretRef",
	}}
	judge(object.remove(source, {"cert_secret_ref"})) == set()
	judge(object.remove(source, {"proxy_secret_ref"})) == set()
}

judge(source) := violations if {
	violations := forbid_insecure.violations with input as {"sources": [source]}
}
