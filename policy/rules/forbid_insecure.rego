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
#     OCIRepository: spec.insecure, spec.url
#     HelmRelease chartRef: "spec.insecure, spec.url of the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.insecure, spec.url of the HelmRepository
#     HelmRelease inline OCIRepository: spec.chart.spec.insecure, .url
#     HelmRelease chart.spec, OCIRepository: spec.insecure, spec.url of the OCIRepository
#     HelmRepository: "spec.insecure, spec.url; type: oci only"
#     HelmChart: spec.insecure, spec.url of the HelmRepository
#     Kustomization: spec.insecure, spec.url of the OCIRepository
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
