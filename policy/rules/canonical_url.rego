# METADATA
# title: what is pulled has one unmistakable name
# description: |
#   A url must have a canonical form: the same host and path to Flux, to this gate and to a human reader. Upper-case
#   hosts and default ports are made canonical silently; what cannot be read in one way only is refused with the reason,
#   among it `..` segments, hosts outside ASCII, numeric spellings of addresses, and a tag or digest that would lead out
#   of its repository. What has no canonical name is never dialled, whatever the action of this rule is.
# custom:
#   severity: high
#   phase: static
#   remediation: "write oci://<host>/<repository> in lower case and plain ASCII, without .. or empty segments"
#   example: |
#     - rule: canonical-url
#   reads:
#     OCIRepository: spec.url, spec.ref.tag, spec.ref.digest
#     HelmRelease chartRef: "spec.url, spec.ref.tag, spec.ref.digest of the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.url of the HelmRepository, with spec.chart.spec.chart
#     HelmRelease inline OCIRepository: spec.chart.spec.url, .ref.tag, .ref.digest
#     HelmRelease chart.spec, OCIRepository: spec.url, spec.ref.tag, spec.ref.digest of the OCIRepository
#     HelmRepository: spec.url, spec.type
#     HelmChart: spec.url of the HelmRepository, with spec.chart
#     Kustomization: spec.url, spec.ref.tag, spec.ref.digest of the OCIRepository
package fluxgate.rules.canonical_url

import data.fluxgate.source as src

# METADATA
# description: a source whose url, ref or chart has no canonical form
violations contains violation if {
	some i, source in input.sources
	source.problem
	violation := _violation(i, source, sprintf("it has no canonical form: %s", [source.problem]))
}

# The HelmRepository may be another object; the name of the chart is the judged object's own all the same.
_violation(i, source, message) := src.own_violation(
	i, source, "chart", message,
	"write the name of the chart as a path below the url of the HelmRepository",
) if {
	src.own_chart(source)
	startswith(source.problem, "chart: ")
} else := src.violation(
	i, source, _field(source), message,
	sprintf("write %s in the one form that the reason names", [src.field(source, _field(source))]),
)

_field(source) := "ref" if {
	startswith(source.problem, "ref.")
} else := "url"
