# METADATA
# title: sources are OCI artifacts
# description: |
#   What Flux runs comes from an OCIRepository, or from a HelmRepository of type oci. A GitRepository, a Bucket and a
#   HelmRepository over http have no artifact that could be pinned and verified by the other rules, and of an
#   ExternalArtifact, or a kind that Fluxgate does not know, nobody can tell what it makes Flux pull. Where one of them is
#   meant to be used, its kind is listed in `allow`; HelmRepository stands there for one over http.
#
#   A reference to an object that does not exist yet is not judged: the object is when it is created, for those who
#   refer to it too. What follows until then is spec.missingSources of the policy.
# custom:
#   severity: medium
#   phase: static
#   remediation: use an OCIRepository, or ask the administrator to allow the kind
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       allow:
#         description: kinds that may be used although they are no OCI artifacts
#         type: array
#         maxItems: 100
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 63
#           pattern: ^[A-Z][A-Za-z0-9]*$
#         default: []
#   example: |
#     - rule: allowed-source-kinds
#       params:
#         allow: [GitRepository]
#   reads:
#     OCIRepository: "not applicable: it is an OCI artifact"
#     HelmRelease chartRef: "spec.chartRef.kind; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.sourceRef.kind, and spec.type of the HelmRepository"
#     HelmRelease inline OCIRepository: spec.chart.kind, where it is another
#     HelmRelease chart.spec, OCIRepository: "not applicable: it is an OCI artifact"
#     HelmRepository: spec.type
#     HelmChart: spec.sourceRef.kind, and spec.type of the HelmRepository
#     Kustomization: spec.sourceRef.kind
package fluxgate.rules.allowed_source_kinds

import data.fluxgate.source as src

# METADATA
# description: a kind that Fluxgate would know if it were written in another case, so that it allows nothing
invalid contains {"path": sprintf(".allow[%d]", [i]), "message": sprintf("%q is not known: write %s", [kind, known])} if {
	some i, kind in input.params["allowed-source-kinds"].allow
	some known in ["GitRepository", "Bucket", "HelmRepository", "ExternalArtifact"]
	lower(kind) == lower(known)
	kind != known
}

# METADATA
# description: a source that is no OCI artifact, or that nobody can follow, of a kind that is not listed
violations contains violation if {
	some i, source in input.sources
	source.form in {"other", "untraceable"}
	not source.kind in input.params["allowed-source-kinds"].allow
	violation := _violation(i, source, _message(source))
}

_message(source) := "a HelmRepository over http is not allowed" if {
	source.kind == "HelmRepository"
	source.form == "other"
} else := sprintf("%s is not allowed: it is no OCI artifact", [source.kind]) if {
	source.form == "other"
} else := sprintf("%s is not allowed: nobody can tell what it makes Flux pull", [source.kind])

# The kind is the judged object's own text where it stands in a reference; the type of a HelmRepository never is.
_violation(i, source, message) := src.violation(i, source, "type", message, _remediation) if {
	source.form == "other"
	source.kind == "HelmRepository"
} else := src.reference_violation(i, source, message, _remediation) if {
	source.origin
} else := {
	"source": i,
	"path": trim_suffix(source.path, ".spec"), # the whole template: of its spec nothing is known that could be compared
	"message": message,
	"remediation": _remediation,
}

_remediation := {
	"HelmChart": "declare an OCIRepository for the chart, and name it in spec.chartRef of the HelmRelease",
	"HelmRelease": "declare an OCIRepository for the chart, and name it in spec.chartRef",
	"HelmRepository": "set spec.type to oci, and spec.url to the oci:// url of a registry",
	"Kustomization": "set spec.sourceRef to an OCIRepository",
}[input.object.kind]
