# METADATA
# title: ranges of versions have an end
# description: |
#   A range such as `>=1.0.0` takes whatever is published next, a new major version included. With `upperBound` (the
#   default) every range must have an end: each of the alternatives that `||` separates needs one, and `!=` is none. How
#   far away it is this rule does not judge (`<999` is an end), but for one that no version reaches. An absent version of a
#   chart is `*`. One exact version is a range of one.
#
#   A range that names a pre-release, as in `>=1.0.0-0`, makes Flux consider those of other versions too; without
#   `prereleases` it is refused. What is no range at all is always refused: of a chart, Flux would take the tag of that
#   name, wherever it is moved to.
#
#   Ranges are read by the library that Flux reads them with (Masterminds/semver). Where its wildcards behave otherwise
#   than they read, as in `1.2 - *` or `^*`, they count as no end. The range is judged beside a digest as well: it says what
#   comes next.
# custom:
#   severity: medium
#   phase: static
#   remediation: "give the range an upper bound, as in >=1.2.0 <2.0.0 or 1.x, and name no pre-release in it"
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       upperBound:
#         description: whether a range must have an end
#         type: boolean
#         default: true
#       prereleases:
#         description: whether a range may name pre-releases, and so admit them
#         type: boolean
#         default: false
#   example: |
#     - rule: semver-bounds
#       params:
#         prereleases: true
#   reads:
#     OCIRepository: spec.ref.semver
#     HelmRelease chartRef: "spec.ref.semver of the OCIRepository; spec.version of a HelmChart"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.version, over http and before the HelmRepository exists, too"
#     HelmRelease inline OCIRepository: spec.chart.spec.ref.semver
#     HelmRelease chart.spec, OCIRepository: spec.ref.semver of the OCIRepository
#     HelmRepository: "not applicable: it names no version"
#     HelmChart: "spec.version; not applicable in Git and buckets, where Flux does not read it"
#     Kustomization: spec.ref.semver of the OCIRepository
package fluxgate.rules.semver_bounds

import data.fluxgate.source as src

# METADATA
# description: what the schema cannot say of the parameters
invalid contains {
	"path": ".upperBound",
	"message": "is false while prereleases is true, so that the rule would demand nothing: remove the rule",
} if {
	input.params["semver-bounds"] == {"upperBound": false, "prereleases": true}
}

# METADATA
# description: a range that is none, has no end, or admits pre-releases
violations contains violation if {
	some i, source in input.sources
	some flaw in _flaws(source.ref.range)
	place := _place(source)
	violation := object.union(place.violation, {
		"source": i,
		"message": concat("", [place.whose, _message(flaw, source)]),
		"remediation": sprintf(_fix[flaw], [place.field]),
	})
}

_flaws(range) := {"malformed"} if {
	range.malformed
} else := {flaw | some flaw in ["unbounded", "prereleases"]; _has(range, flaw)}

_has(range, "unbounded") if {
	input.params["semver-bounds"].upperBound
	not range.bounded
}

_has(range, "prereleases") if {
	range.prereleases
	not input.params["semver-bounds"].prereleases
}

_message("malformed", source) := sprintf("%q is no range of versions", [source.ref.range.text])

_message("unbounded", source) := sprintf(
	"%q has no upper bound, so that whatever comes next is taken",
	[source.ref.semver],
) if {
	source.ref.semver
} else := "without a version, whatever comes next is taken"

_message("prereleases", source) := sprintf(
	"%q names a pre-release, which makes Flux consider them",
	[source.ref.semver],
)

_fix := {
	"malformed": `set %s to a range of versions, as in ">=1.2.0 <2.0.0" or "1.x"`,
	"unbounded": `set %s to a range with an end, as in ">=1.2.0 <2.0.0" or "1.x"`,
	"prereleases": "set %s to a range that names no pre-release",
}

# Where the range stands, and how to name it. The version of a chart stands beside its name, whatever declares the rest.
_place(source) := {
	"violation": {"path": src.path(source, "ref.semver")},
	"field": src.field(source, "ref.semver"),
	"whose": src.about(source, ""),
} if {
	source.form == "oci-repository"
} else := {"violation": {"path": path, "own": true}, "field": path, "whose": ""} if {
	src.own_chart(source)
	path := src.own_field(source, "version")
} else := {"violation": {"path": path, "own": true}, "field": path, "whose": ""} if {
	endswith(source.path, ".sourceRef")
	path := concat("", [trim_suffix(source.path, "sourceRef"), "version"])
} else := {
	"violation": {"path": source.path},
	"field": "spec.version of the HelmChart that it names",
	"whose": "the HelmChart that it names: ",
}
