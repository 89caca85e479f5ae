# METADATA
# title: charts come from where they can be pinned
# description: |
#   Flux has no field for the digest of a chart in a HelmRepository, be it of type oci or over http: such a release can
#   never be pinned, and runs whatever the version names when Flux looks next. A HelmRelease must take its chart from an
#   OCIRepository by `spec.chartRef`, or since helm-controller 1.7 by `spec.chart.kind: OCIRepository`.
#
#   A HelmChart that is written by hand is judged as well, and so is the HelmRelease that refers to one. That the
#   HelmRepository does not exist yet is no excuse, as none could be pinned; a HelmChart that does not exist yet is
#   judged when it is created, for those who refer to it too. Charts from a GitRepository or a Bucket are the matter of
#   allowed-source-kinds.
# custom:
#   severity: medium
#   phase: static
#   remediation: declare an OCIRepository for the chart, and name it in spec.chartRef of the HelmRelease
#   example: |
#     - rule: require-chart-ref
#       action: Warn
#   reads:
#     OCIRepository: "not applicable: it names no chart of a HelmRepository"
#     HelmRelease chartRef: "spec.chartRef.kind; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.sourceRef.kind, so it is always a violation"
#     HelmRelease inline OCIRepository: "not applicable: it can be pinned"
#     HelmRelease chart.spec, OCIRepository: "not applicable: Fluxgate rewrites it to chartRef"
#     HelmRepository: "not applicable: it names no chart"
#     HelmChart: "spec.sourceRef.kind, so it is always a violation"
#     Kustomization: "not applicable: it has no chart"
package fluxgate.rules.require_chart_ref

import data.fluxgate.source as src

# METADATA
# description: a chart of a HelmRepository, whether that is of type oci, over http, or not there yet
violations contains violation if {
	some i, source in input.sources
	source.kind == "HelmRepository"
	input.object.kind in {"HelmRelease", "HelmChart"}
	violation := src.reference_violation(
		i, source, "a chart of a HelmRepository can never be pinned to a digest",
		"declare an OCIRepository for the chart, and name it in spec.chartRef of the HelmRelease",
	)
}
