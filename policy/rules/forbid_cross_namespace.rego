# METADATA
# title: sources are of the object's own namespace
# description: |
#   A reference to a source of another namespace uses what others declared there: their url, their credentials, and
#   whatever they change it to tomorrow, under the policies of that namespace. The reference must stay in the object's
#   own namespace, or lead to one that is listed in `namespaces`, as for sources that the platform provides. What is
#   referred to is judged by its reference alone, so that it may be of any kind and need not exist yet.
#
#   The namespace that a release is installed in (`targetNamespace`) is no source, and no matter of this rule.
# custom:
#   severity: high
#   phase: static
#   remediation: declare the source in the object's own namespace, and leave the namespace out of the reference
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       namespaces:
#         description: namespaces whose sources everybody may refer to
#         type: array
#         maxItems: 1000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 63
#           pattern: ^[a-z0-9]([a-z0-9-]*[a-z0-9])?$
#         default: []
#   example: |
#     - rule: forbid-cross-namespace
#       params:
#         namespaces: [flux-system]
#   reads:
#     OCIRepository: "not applicable: it refers to no source"
#     HelmRelease chartRef: spec.chartRef.namespace
#     HelmRelease chart.spec, HelmRepository: spec.chart.spec.sourceRef.namespace
#     HelmRelease inline OCIRepository: "not applicable: it refers to no source"
#     HelmRelease chart.spec, OCIRepository: spec.chart.spec.sourceRef.namespace
#     HelmRepository: "not applicable: it refers to no source"
#     HelmChart: "not applicable: its sourceRef has no namespace"
#     Kustomization: spec.sourceRef.namespace
package fluxgate.rules.forbid_cross_namespace

import data.fluxgate.source as src

# METADATA
# description: a reference that leads to another namespace, which nobody listed
violations contains violation if {
	some i, source in input.sources
	namespace := object.get(source.origin, "namespace", "")
	namespace != _own
	not namespace in input.params["forbid-cross-namespace"].namespaces
	violation := {
		"source": i,
		"own": true, # the namespace is what the judged object itself wrote
		"path": src.reference(source),
		"message": sprintf("it refers to a source in namespace %q, not in its own", [namespace]),
		"remediation": sprintf(
			"declare the source in namespace %q, and remove namespace from %s",
			[_own, src.reference(source)],
		),
	}
}

_own := object.get(input.object, "namespace", "")
