# METADATA
# title: nothing is pulled over an insecure connection
# description: |
#   `insecure: true` lets Flux fall back to plain http and, without a certSecretRef, accept any certificate: whoever is
#   on the way can answer. Some hosts are reached by plain http although nothing says so: private IPv4 addresses,
#   `localhost` with a port, and names such as `*.local`, depending on the version of Flux; they are refused for all.
# custom:
#   severity: high
#   phase: static
#   remediation: remove insecure, and give a private certificate authority by certSecretRef
#   example: |
#     - rule: forbid-insecure
#       action: Warn
#   reads:
#     OCIRepository: spec.insecure, spec.url, spec.certSecretRef beside spec.proxySecretRef
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.insecure, spec.url of the HelmRepository
#     HelmRelease inline OCIRepository: spec.chart.spec.insecure, .url, .certSecretRef beside .proxySecretRef
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: "spec.insecure, spec.url; type: oci only"
#     HelmChart: spec.insecure, spec.url of the HelmRepository
#     Kustomization: as in the OCIRepository
package fluxgate.rules.forbid_insecure

import data.fluxgate.source as src

# METADATA
# description: a source that asks for it
violations contains violation if {
	some i, source in input.sources
	source.insecure
	source.form != "other"
	violation := src.violation(
		i, source, "insecure", "insecure allows plain http and unverified certificates",
		sprintf("remove %s; a private authority goes into certSecretRef", [src.field(source, "insecure")]),
	)
}

# METADATA
# description: a source that is reached through a proxy whose certificates the object itself makes good
violations contains violation if {
	some i, source in input.sources
	source.cert_secret_ref
	source.proxy_secret_ref
	violation := src.violation(
		i, source, "proxySecretRef", "certSecretRef beside proxySecretRef lets the proxy answer in the registry's name",
		sprintf("remove %s or %s", [src.field(source, "proxySecretRef"), src.field(source, "certSecretRef")]),
	)
}

# METADATA
# description: a host that some supported Flux reaches by http of its own accord
violations contains violation if {
	some i, source in input.sources
	source.repository.silent_http
	violation := src.violation(
		i, source, "url",
		sprintf("Flux reaches the host %s by plain http", [source.repository.host]),
		sprintf("serve the registry by TLS under a public name and write that name in %s", [src.field(source, "url")]),
	)
}
