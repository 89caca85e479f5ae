# METADATA
# title: How rules speak of signatures
# description: |
#   What is wrong with the signatures of an artifact is told at the verify block, or at the digest where there is none.
package fluxgate.signature

import data.fluxgate.source as src

# METADATA
# description: |
#   What is wrong, as a set of at most one entry. Empty where the artifact is verified, where that could not be told, which
#   whoever asked accounts for, and where its digest is about to be written.
flaws(source) := {{
	"field": _field(source),
	"message": source.signature.message,
	"fix": _fix(source),
}} if {
	source.form in {"oci-repository", "helm-chart"}
	source.signature
	not source.signature.verified
	not _to_come(source)
} else := set()

_to_come(source) if {
	source.pending
	source.signature.reason == "no-digest"
}

# METADATA
# description: a violation at the field that a flaw is about; its fix has a place for that field
violation(index, source, flaw) := src.own_violation(
	index, source, flaw.field, sprintf("the artifact %s", [flaw.message]),
	sprintf(flaw.fix, [src.own_field(source, flaw.field)]),
) if {
	src.own_chart(source)
} else := src.violation(
	index, source, flaw.field, sprintf("the artifact %s", [flaw.message]),
	sprintf(flaw.fix, [src.field(source, flaw.field)]),
)

_field(source) := "verify" if {
	not source.signature.reason in {"no-digest", "no-repository"}
} else := "url" if {
	source.signature.reason == "no-repository"
} else := "version" if {
	source.form == "helm-chart"
} else := "ref.digest"

# What is wrong says already how to sign; this is the other way out.
_fix(source) := "%s says whose signature counts: correct it where that should be somebody else's" if {
	not source.signature.reason in _of_the_block
	not source.signature.reason in {"no-digest", "no-repository"}
} else := "write %s plainly, as in oci://ghcr.io/acme/app" if {
	source.signature.reason == "no-repository"
} else := "set %s, to the keys or the identities of those who sign" if {
	source.signature.reason == "no-verify"
} else := "correct %s or its Secret" if {
	source.signature.reason in _of_the_block
} else := "use an OCIRepository with a digest (chartRef): a chart has none, and cannot be verified once and for all (%s)" if {
	source.form == "helm-chart"
} else := "set %s, or have it pinned by a policy"

_of_the_block := {
	"no-verify", "no-secret", "bad-secret", "any-identity", "bad-identity", "weak-trust-policy", "no-match", "unknown-provider",
}
