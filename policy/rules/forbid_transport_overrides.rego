# METADATA
# title: an object does not choose how registries are reached
# description: |
#   `insecure`, `proxySecretRef` and `certSecretRef` decide who may answer in the registry's name: no certificate at all,
#   a proxy of the tenant's, an authority of the tenant's. Which of them is needed is the platform's to say: those that
#   are listed in `allow` may be used. `certSecretRef` is refused for a HelmRepository over http as well; `insecure` is
#   not, as Flux does not read it there.
#
#   This rule reads no Secret. For a HelmRepository, Flux still takes certificates out of the Secret of `secretRef`.
# custom:
#   severity: high
#   phase: static
#   remediation: remove the field; proxies and private authorities are set up for Flux as a whole
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         description: the fields that may be used
#         type: array
#         uniqueItems: true
#         items:
#           type: string
#           enum: [insecure, proxySecretRef, certSecretRef]
#         default: []
#   example: |
#     - rule: forbid-transport-overrides
#       params:
#         allow: [certSecretRef]
#   reads:
#     OCIRepository: spec.insecure, spec.proxySecretRef, spec.certSecretRef
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.insecure, spec.certSecretRef of the HelmRepository
#     HelmRelease inline OCIRepository: spec.chart.spec.insecure, .proxySecretRef, .certSecretRef
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: spec.insecure, spec.certSecretRef
#     HelmChart: spec.insecure, spec.certSecretRef of the HelmRepository
#     Kustomization: as in the OCIRepository
package fluxgate.rules.forbid_transport_overrides

import data.fluxgate.source as src

# METADATA
# description: the fields that are not allowed, by their names in the input
prepared := {key: name |
	some key, name in {
		"insecure": "insecure",
		"proxy_secret_ref": "proxySecretRef",
		"cert_secret_ref": "certSecretRef",
	}
	not name in input.params["forbid-transport-overrides"].allow
}

# METADATA
# description: a source with one of these fields
violations contains violation if {
	some i, source in input.sources
	some key, name in input.prepared["forbid-transport-overrides"]
	source[key]
	not _unread(source, key)
	violation := src.violation(
		i, source, name, _why[key],
		sprintf("remove %s; what all need is set up for Flux as a whole", [src.field(source, name)]),
	)
}

_unread(source, "insecure") if source.form == "other"

_why := {
	"insecure": "insecure lets anybody on the way answer in the registry's name",
	"proxy_secret_ref": "proxySecretRef sends what is pulled through a proxy of the object's choice",
	"cert_secret_ref": "certSecretRef trusts an authority of the object's choice",
}
