# METADATA
# title: tags that say nothing are not used
# description: |
#   The tag must match none of the patterns: `*` stands for any characters, `?` for one. A reference without tag, semver
#   range and digest counts as `latest`, which is what Flux pulls for it. A tag is judged even where a digest or a range
#   stands beside it and Flux does not read it: it is what a reviewer sees. A range or a digest alone has no tag. The
#   version of a Helm chart is a range, so no tag either.
# custom:
#   severity: medium
#   phase: static
#   remediation: use a tag that names one release
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       tags:
#         description: patterns of the tags that may not be used
#         type: array
#         minItems: 1
#         maxItems: 1000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 128
#           pattern: ^[A-Za-z0-9_.*?-]+$
#         default: [latest]
#   example: |
#     - rule: forbid-tags
#       params:
#         tags: [latest, main, "*-dev", "pr-*"]
#   reads:
#     OCIRepository: spec.ref
#     HelmRelease chartRef: "spec.ref of the OCIRepository; the version of a HelmChart is a range"
#     HelmRelease chart.spec, HelmRepository: "not applicable: the version is a range"
#     HelmRelease inline OCIRepository: spec.chart.spec.ref
#     HelmRelease chart.spec, OCIRepository: spec.ref of the OCIRepository
#     HelmRepository: "not applicable: it names no artifact"
#     HelmChart: "not applicable: the version is a range"
#     Kustomization: spec.ref of the OCIRepository
package fluxgate.rules.forbid_tags

import data.fluxgate.source as src

# METADATA
# description: |
#   One regular expression for all patterns, made once per policy. Of what the schema admits, three characters are
#   special in it.
prepared := sprintf("^(?:%s)$", [concat("|", sort([_regex(pattern) | some pattern in _patterns]))])

_patterns := input.params["forbid-tags"].tags

_regex(pattern) := replace(replace(replace(pattern, ".", `\.`), "*", ".*"), "?", ".")

# METADATA
# description: a tag that matches
violations contains violation if {
	some i, source in input.sources
	source.form == "oci-repository"
	tag := _tag(source.ref)
	regex.match(input.prepared["forbid-tags"], tag)
	violation := src.violation(
		i, source, "ref.tag",
		sprintf("tag %q is forbidden%s", [tag, _implied(source.ref)]),
		sprintf("set %s to a tag that matches none of: %s", [src.field(source, "ref.tag"), concat(", ", _patterns)]),
	)
}

_tag(ref) := ref.tag if {
	ref.tag
} else := "latest" if {
	not ref.semver
	not ref.digest
}

_implied(ref) := "" if {
	ref.tag
} else := ", and Flux reads a reference without tag, semver and digest as that"
