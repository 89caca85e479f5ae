# METADATA
# title: only those whom the policy trusts vouch for what is pulled
# description: |
#   Whoever writes a verify block says whose signature counts, and could name himself. Here the policy says it: every
#   identity of the block must be one of `identities`, and every key in its Secret one of `keys`, since each of them alone
#   suffices to Flux. A block that trusts anybody (keyless, without identities), a Secret that is not there or that holds
#   what is no key, and no block at all are refused as well.
#
#   Identities are compared as texts, character by character. Flux reads `issuer` and `subject` as regular expressions that
#   match anywhere in a text, and nobody can tell whether one expression matches less than another: so the policy lists
#   the expressions themselves, and a block must repeat one of them. Anchor what you list (`^…$`), and write `\.` for a dot.
#
#   A key counts by the SHA-256 of its DER SubjectPublicKeyInfo, never by the name of a Secret:
#   `openssl pkey -pubin -in cosign.pub -outform DER | sha256sum`. For notation it is that of each certificate's key:
#   `openssl x509 -in ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum`. What else is in the trust
#   policy of notation this rule does not read.
#
#   `trustedRootSecretRef` brings an authority of the object's own, which can vouch for any identity. It is refused, unless
#   `allowTrustedRoot` says that the Secrets of these namespaces are not their tenants'.
#
#   The Secret is read at each review, and only where this rule is asked for. A Secret that changes later is judged with the
#   next change of the object.
# custom:
#   severity: critical
#   phase: static
#   needs: [keys]
#   remediation: name in the verify block only identities and keys that the policy lists
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       identities:
#         description: whose certificates may sign; one of identities and keys is required
#         type: array
#         maxItems: 100
#         items:
#           type: object
#           additionalProperties: false
#           required: [issuer, subject]
#           properties:
#             issuer:
#               description: what matchOIDCIdentity has as issuer
#               type: string
#               minLength: 1
#               maxLength: 1024
#             subject:
#               description: what matchOIDCIdentity has as subject
#               type: string
#               minLength: 1
#               maxLength: 1024
#         default: []
#       keys:
#         description: the fingerprints of the keys that may sign
#         type: array
#         maxItems: 1000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 512
#           pattern: ^sha256:[0-9a-f]{64}$
#         default: []
#       allowTrustedRoot:
#         description: whether an object may bring a trusted root of its own
#         type: boolean
#         default: false
#   example: |
#     - rule: verify-identity
#       params:
#         identities:
#         - issuer: ^https://token\.actions\.githubusercontent\.com$
#           subject: ^https://github\.com/acme/app/\.github/workflows/release\.yaml@refs/tags/.*$
#         keys: ["sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"]
#   reads:
#     OCIRepository: spec.verify, and the keys in its Secret
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.verify, and the keys in its Secret, in the HelmRepository's namespace"
#     HelmRelease inline OCIRepository: "spec.chart.spec.verify, and the keys in its Secret"
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: "not applicable: charts are verified where they are named"
#     HelmChart: spec.verify, and the keys in its Secret
#     Kustomization: as in the OCIRepository
package fluxgate.rules.verify_identity

import data.fluxgate.source as src

# METADATA
# description: the lists as sets, and what would pass
prepared := {
	"identities": {[identity.issuer, identity.subject] | some identity in _params.identities},
	"keys": {key | some key in _params.keys},
	"block": concat(" or ", array.concat(
		[sprintf("{provider: cosign, matchOIDCIdentity: [%s]}", [_written(identity.issuer, identity.subject)]) |
			some identity in array.slice(_params.identities, 0, 1)
		],
		[sprintf("{provider: cosign, secretRef: {name: <a Secret with the key %s under *.pub>}}", [key]) |
			some key in array.slice(_params.keys, 0, 1)
		],
	)),
	"listed": {
		"identities": _few([_written(identity.issuer, identity.subject) | some identity in _params.identities]),
		"keys": _few(_params.keys),
	},
}

# METADATA
# description: what the schema cannot say of the parameters
invalid contains {"path": ".identities", "message": "set identities, keys or both: without them nobody is trusted"} if {
	count(_params.identities) + count(_params.keys) == 0
}

invalid contains violation if {
	some i, identity in _params.identities
	some name in ["issuer", "subject"]
	flaw := _mistake(identity[name])
	violation := {"path": sprintf(".identities[%d].%s", [i, name]), "message": flaw}
}

invalid contains violation if {
	some i, key in _params.keys
	not regex.match(`^sha256:[0-9a-f]{64}$`, key)
	violation := {
		"path": sprintf(".keys[%d]", [i]),
		"message": sprintf("%q is no fingerprint: write sha256: with 64 hexadecimal digits in lower case", [key]),
	}
}

_mistake(pattern) := sprintf("%q is no regular expression, which Flux reads it as", [pattern]) if {
	not regex.is_valid(pattern)
} else := sprintf("%q matches any text, and so trusts anybody", [pattern]) if {
	regex.match(pattern, "")
}

# METADATA
# description: a source whose verify block trusts others than the policy does, or nobody in particular
violations contains violation if {
	some i, source in input.sources
	not _sound(source)
	source.form in {"oci-repository", "helm-chart"}
	some flaw in _flaws(source)
	violation := _of(i, source, flaw.message, flaw.remediation)
}

# The two usual blocks, if all is well with them. Most are, and to look for flaws takes longer.
_sound(source) if {
	source.verify.provider in {"cosign", "notation"}
	count(source.verify.identities) == 0
	count(source.keys.entries) > 0
	source.verify.secret_ref
	not source.verify.trusted_root_secret_ref
	not _odd_key(source)
}

_sound(source) if {
	source.verify.provider == "cosign"
	count(source.verify.identities) > 0
	not source.verify.secret_ref
	not source.verify.trusted_root_secret_ref
	not _odd_identity(source)
}

_odd_key(source) if {
	some key in source.keys.entries
	not input.prepared["verify-identity"].keys[key.fingerprint]
}

_odd_identity(source) if {
	some identity in source.verify.identities
	not _listed(identity)
}

_listed(identity) if input.prepared["verify-identity"].identities[[identity.issuer, identity.subject]]

_flaws(source) := {{"message": "no signature is verified", "remediation": _whole(source)}} if {
	not source.verify
} else := {{
	"message": sprintf("provider %q verifies nothing", [source.verify.provider]),
	"remediation": _whole(source),
}} if {
	not source.verify.provider in {"cosign", "notation"}
} else := {{"message": "it trusts anybody, as it names neither a key nor an identity", "remediation": _whole(source)}} if {
	not source.verify.secret_ref
	_nobody(source.verify)
} else := union({_identity_flaws(source), _key_flaws(source), _root_flaws(source)})

_nobody(verify) if verify.provider == "notation"

_nobody(verify) if count(verify.identities) == 0

_identity_flaws(source) := {{
	"message": sprintf("the policy does not trust %s", [_few(others)]),
	"remediation": sprintf("write in %s only %s", [_field(source, "verify.matchOIDCIdentity"), _prepared.listed.identities]),
} |
	others := [_written(issuer, subject) |
		some identity in source.verify.identities
		issuer := object.get(identity, "issuer", "")
		subject := object.get(identity, "subject", "")
		not [issuer, subject] in _prepared.identities
	]
	count(others) > 0
}

# Without source.keys the Secret could not be read, which is told elsewhere.
_key_flaws(source) := {_elsewhere} if {
	src.own_chart(source)
	source.origin.namespace != input.object.namespace
	_bad(source.keys)
} else := {{
	"message": sprintf("Secret %q %s", [source.verify.secret_ref, source.keys.problem]),
	"remediation": sprintf("put into it only keys of the policy's list: %s", [_prepared.listed.keys]),
}} if {
	source.keys.problem
} else := {{
	"message": sprintf("Secret %q holds keys that the policy does not trust: %s", [
		source.verify.secret_ref,
		_few([sprintf("%s under %q", [key.fingerprint, key.entry]) | some key in _others(source.keys)]),
	]),
	"remediation": sprintf("keep in it only keys of the policy's list: %s", [_prepared.listed.keys]),
}} if {
	_bad(source.keys)
} else := set()

_bad(keys) if keys.problem

_bad(keys) if count(_others(keys)) > 0

_others(keys) := [key | some key in keys.entries; not key.fingerprint in _prepared.keys]

# The Secret of a chart is read beside its HelmRepository: who refers to that need not be allowed to read it.
_elsewhere := {
	"message": "the policy does not trust the Secret that it names, in the namespace of the HelmRepository",
	"remediation": "ask those who own that namespace, or use a HelmRepository and a Secret of this one",
}

_root_flaws(source) := {{
	"message": "trustedRootSecretRef brings an authority of the object's own, which can vouch for anybody",
	"remediation": sprintf("remove %s", [_field(source, "verify.trustedRootSecretRef")]),
}} if {
	source.verify.trusted_root_secret_ref
	not _params.allowTrustedRoot
} else := set()

_whole(source) := sprintf("set %s to %s", [_field(source, "verify"), _prepared.block])

_written(issuer, subject) := sprintf("{issuer: %q, subject: %q}", [issuer, subject])

# At most three, so that a message can be read.
_few(texts) := "none" if {
	count(texts) == 0
} else := concat(", ", texts) if {
	count(texts) <= 3
} else := sprintf("%s and %d more", [concat(", ", array.slice(texts, 0, 3)), count(texts) - 3])

# All at the block itself: the update of any part of it is judged in full.
_of(i, source, message, remediation) := src.own_violation(i, source, "verify", message, remediation) if {
	src.own_chart(source)
} else := src.violation(i, source, "verify", message, remediation)

_field(source, name) := src.own_field(source, name) if {
	src.own_chart(source)
} else := src.field(source, name)

_params := input.params["verify-identity"]

_prepared := input.prepared["verify-identity"]
