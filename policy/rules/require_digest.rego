# METADATA
# title: what runs is pinned to a digest
# description: |
#   A tag or a semver range can name another artifact tomorrow; a digest cannot. `ref.digest` must be there and be
#   `sha256:` with 64 lower-case hexadecimal digits. With `spec.pin` in a policy, Fluxgate writes it.
#
#   Flux has no field for the digest of a chart in a HelmRepository, so such a chart cannot keep this rule.
# custom:
#   severity: high
#   phase: static
#   remediation: write the digest beside the tag, or let a policy pin it by spec.pin
#   example: |
#     - rule: require-digest
#   reads:
#     OCIRepository: spec.ref.digest
#     HelmRelease chartRef: "spec.ref.digest of the OCIRepository; a HelmChart has none, so it is always a violation"
#     HelmRelease chart.spec, HelmRepository: "has none, so it is always a violation"
#     HelmRelease inline OCIRepository: spec.chart.spec.ref.digest
#     HelmRelease chart.spec, OCIRepository: spec.ref.digest of the OCIRepository
#     HelmRepository: "not applicable: it names no artifact"
#     HelmChart: "has none, so it is always a violation"
#     Kustomization: spec.ref.digest of the OCIRepository
package fluxgate.rules.require_digest

import data.fluxgate.source as src

# METADATA
# description: no digest, or one that registries and verifiers would not all read in the same way
violations contains violation if {
	some i, source in input.sources
	source.form == "oci-repository"
	not _pinned(source.ref)
	violation := src.violation(i, source, "ref.digest", _flaw(source), _remediation(source))
}

# METADATA
# description: a chart, which has no place for a digest
violations contains violation if {
	some i, source in input.sources
	source.form == "helm-chart"
	violation := _unpinnable(
		i, source, "a chart of a HelmRepository has no place for a digest",
		"use a HelmRelease with spec.chartRef to an OCIRepository that has spec.ref.digest",
	)
}

_unpinnable(i, source, message, remediation) := src.own_violation(i, source, "version", message, remediation) if {
	src.own_chart(source)
} else := src.violation(i, source, "version", message, remediation)

_pinned(ref) if regex.match(`^sha256:[0-9a-f]{64}$`, ref.digest)

# Undefined, so no violation, where the digest is missing only because it could not be asked for.
_flaw(source) := sprintf("there is no digest, and %s can name another artifact tomorrow", [_name(source.ref)]) if {
	not source.ref.digest
	not source.pending
} else := sprintf("digest %q %s", [source.ref.digest, _malformed(source.ref.digest)])

# What decides the artifact, in Flux's order.
_name(ref) := sprintf("semver %q", [ref.semver]) if {
	ref.semver
} else := sprintf("tag %q", [ref.tag]) if {
	ref.tag
} else := `tag "latest"`

_malformed(digest) := "is not of the algorithm sha256" if {
	not startswith(lower(digest), "sha256:")
} else := "must be in lower case" if {
	regex.match(`^sha256:[0-9a-f]{64}$`, lower(digest))
} else := sprintf("has %d characters after sha256: where 64 belong", [count(digest) - 7]) if {
	count(digest) != 71
} else := "has characters that are not hexadecimal digits"

_remediation(source) := sprintf("set %s to %s", [src.field(source, "ref.digest"), source.resolved.digest]) if {
	source.resolved
} else := sprintf(
	"set %s to the digest of the artifact, as in sha256:<64 hexadecimal digits>, or let a policy pin it by spec.pin",
	[src.field(source, "ref.digest")],
)
