# METADATA
# title: what is pulled is signed by somebody whom the policy lists
# description: |
#   The digest of every artifact must have a signature that is good by the object's own verify block, and that was made by one
#   of `keys` or by one of `identities`. What counts is the key or the certificate that the signature was really verified with,
#   not what the block admits: so issuers and subjects can be judged by the texts that an authority certified.
#
#   A signature that satisfies the verify block is what Flux looks for, and it takes the first. Where an artifact has
#   several, by keys that the block names and the policy does not, say by `verify-identity` whom a block may name. Demands
#   that hold whatever the block says are those of `spec.signatures`.
#
#   For notation the key is that of the trusted certificate to which the signing certificate leads: list an authority, and all
#   whom it certifies count, as far as the block's own trust policy admits them.
#
#   A block with a `trustedRootSecretRef` brings an authority of its own, which can certify any identity: those identities
#   count only where `allowTrustedRoot` says so.
# custom:
#   severity: critical
#   phase: facts
#   needs: [signature]
#   remediation: have the artifact signed by somebody whom the policy lists
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       keys:
#         description: the fingerprints of the keys that may have signed
#         type: array
#         maxItems: 1000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 512
#           pattern: ^sha256:[0-9a-f]{64}$
#         default: []
#       identities:
#         description: who may have signed; of each the whole issuer, and the whole subject or an expression for it
#         type: array
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [issuer]
#           properties:
#             issuer:
#               description: the issuer in the certificate
#               type: string
#               minLength: 1
#               maxLength: 1024
#             subject:
#               description: the subject in the certificate
#               type: string
#               minLength: 1
#               maxLength: 1024
#             subjectRegExp:
#               description: a regular expression that must match the whole subject
#               type: string
#               minLength: 1
#               maxLength: 1024
#         default: []
#       allowTrustedRoot:
#         description: whether an object may bring a trusted root of its own
#         type: boolean
#         default: false
#   example: |
#     - rule: signed-by
#       params:
#         identities:
#         - issuer: https://token.actions.githubusercontent.com
#           subjectRegExp: https://github\.com/acme/app/\.github/workflows/release\.yaml@refs/tags/.*
#         keys: ["sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"]
#   reads:
#     OCIRepository: "spec.verify with its Secrets, and the signatures of spec.ref.digest in the registry"
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.verify; a chart has no digest, and so breaks the rule"
#     HelmRelease inline OCIRepository: "spec.chart.spec.verify with its Secrets, and the signatures of spec.chart.spec.ref.digest"
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: "not applicable: charts are verified where they are named"
#     HelmChart: "spec.verify; a chart has no digest, and so breaks the rule"
#     Kustomization: as in the OCIRepository
package fluxgate.rules.signed_by

import data.fluxgate.signature as sig

# METADATA
# description: the lists in the form that is fast to ask
prepared := {
	"keys": {key | some key in _params.keys},
	"subjects": {[identity.issuer, identity.subject] | some identity in _params.identities; identity.subject},
	"expressions": [{"issuer": identity.issuer, "subject": sprintf(`\A(?:%s)\z`, [identity.subjectRegExp])} |
		some identity in _params.identities
		identity.subjectRegExp
	],
}

# METADATA
# description: what the schema cannot say of the parameters
invalid contains {"path": ".identities", "message": "set identities, keys or both: without them nobody is trusted"} if {
	count(_params.identities) + count(_params.keys) == 0
}

invalid contains {"path": sprintf(".identities[%d]", [i]), "message": "set either subject or subjectRegExp"} if {
	some i, identity in _params.identities
	count({name | some name, _ in identity} & {"subject", "subjectRegExp"}) != 1
}

invalid contains {"path": sprintf(".identities[%d].subjectRegExp", [i]), "message": flaw} if {
	some i, identity in _params.identities
	flaw := _mistake(identity.subjectRegExp)
}

invalid contains violation if {
	some i, key in _params.keys
	not regex.match(`^sha256:[0-9a-f]{64}$`, key)
	violation := {
		"path": sprintf(".keys[%d]", [i]),
		"message": sprintf("%q is no fingerprint: write sha256: with 64 hexadecimal digits in lower case", [key]),
	}
}

_mistake(pattern) := sprintf("%q is no regular expression", [pattern]) if {
	not regex.is_valid(pattern)
} else := sprintf("%q matches the empty text, and so trusts anybody", [pattern]) if {
	regex.match(sprintf(`\A(?:%s)\z`, [pattern]), "")
}

# METADATA
# description: an artifact that is not verified
violations contains violation if {
	some i, source in input.sources
	some flaw in sig.flaws(source)
	violation := sig.violation(i, source, flaw)
}

# METADATA
# description: an artifact that somebody else signed
violations contains violation if {
	some i, source in input.sources
	source.signature.verified
	not _listed(source)
	violation := sig.violation(i, source, {
		"field": "verify",
		"message": sprintf("is signed by %s, whom the policy does not list", [_shown(source)]),
		"fix": "have it signed by somebody whom the policy lists, and let %s ask for that",
	})
}

_listed(source) if {
	some signer in source.signature.signers
	_known(signer)
	_bound(source, signer)
}

_known(signer) if input.prepared["signed-by"].keys[signer.fingerprint]

_known(signer) if input.prepared["signed-by"].subjects[[signer.issuer, signer.subject]]

_known(signer) if {
	some expression in input.prepared["signed-by"].expressions
	expression.issuer == signer.issuer
	regex.match(expression.subject, signer.subject)
}

# Whoever brings the authority certifies himself to be anybody.
_bound(_, signer) if signer.fingerprint

_bound(source, _) if not source.verify.trusted_root_secret_ref

_bound(_, _) if _params.allowTrustedRoot

_shown(source) := concat(", ", sort([_name(source, signer) | some signer in source.signature.signers])) if {
	count(source.signature.signers) > 0
} else := "nobody who is named"

_name(_, signer) := sprintf("the key %s", [signer.fingerprint]) if signer.fingerprint

_name(source, signer) := sprintf("%q of %q%s", [
	object.get(signer, "subject", ""), object.get(signer, "issuer", ""), _by(source),
]) if {
	not signer.fingerprint
}

_by(source) := " (by an authority of the object's own, trustedRootSecretRef)" if {
	source.verify.trusted_root_secret_ref
} else := ""

_params := input.params["signed-by"]
