# METADATA
# title: a digest is what its tag or semver range names
# description: |
#   Flux pulls the digest and never compares it with the tag or semver range beside it, so that a tag can mislead
#   whoever reviews the object. Where the digest, or what it should agree with, is new, it must be what the registry
#   says that the tag or range names. Later the tag may move: what was pinned stays what it is.
# custom:
#   severity: high
#   phase: facts
#   remediation: write the digest that the tag names, or leave the tag out
#   example: |
#     - rule: digest-matches-ref
#   reads:
#     OCIRepository: spec.ref, and the digest that the registry has for it
#     HelmRelease chartRef: "spec.ref of the OCIRepository, and its digest in the registry; a HelmChart has none"
#     HelmRelease chart.spec, HelmRepository: "not applicable: it has no digest"
#     HelmRelease inline OCIRepository: spec.chart.spec.ref, and the digest that the registry has for it
#     HelmRelease chart.spec, OCIRepository: spec.ref of the OCIRepository, and the digest that the registry has for it
#     HelmRepository: "not applicable: it has no digest"
#     HelmChart: "not applicable: it has no digest"
#     Kustomization: spec.ref of the OCIRepository, and the digest that the registry has for it
package fluxgate.rules.digest_matches_ref

import data.fluxgate.source as src

# METADATA
# description: a new digest beside a tag or range that names another
violations contains violation if {
	some i, source in input.sources
	source.changed
	source.ref.digest != source.resolved.digest
	source.form == "oci-repository"
	named := _named(source)
	violation := src.violation(
		i, source, "ref.digest",
		sprintf("digest %q is not what %s names, which is %s", [source.ref.digest, named.text, source.resolved.digest]),
		sprintf(
			"set %s to %s, or remove %s",
			[src.field(source, "ref.digest"), source.resolved.digest, src.field(source, named.field)],
		),
	)
}

# Flux's order: the tag is not read beside a semver range.
_named(source) := {"field": "ref.semver", "text": text} if {
	source.ref.semver
	text := sprintf("semver %q (tag %q)", [source.ref.semver, source.resolved.tag])
} else := {"field": "ref.tag", "text": sprintf("tag %q", [source.ref.tag])} if {
	source.ref.tag
}
