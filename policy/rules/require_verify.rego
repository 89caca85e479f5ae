# METADATA
# title: signatures are verified
# description: |
#   Flux must be told to verify the artifact's signature: a verify block with an allowed provider and something that
#   says whose signature counts. For cosign that is a secret with keys, or identities of which each has an issuer and a
#   subject: one that leaves either out would accept anybody. For notation it is the secret with the trust policy. An
#   empty block, or keyless verification without identities, verifies nothing and does not count.
#
#   This rule reads what the object asks for; it does not verify.
# custom:
#   severity: high
#   phase: static
#   remediation: add a verify block that names a provider, and a secret with its keys or the identities that may sign
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       providers:
#         description: the providers that may be used
#         type: array
#         minItems: 1
#         uniqueItems: true
#         items:
#           type: string
#           enum: [cosign, notation]
#         default: [cosign, notation]
#   example: |
#     - rule: require-verify
#       params:
#         providers: [cosign]
#   reads:
#     OCIRepository: spec.verify
#     HelmRelease chartRef: spec.verify of the OCIRepository or HelmChart
#     HelmRelease chart.spec, HelmRepository: spec.chart.spec.verify
#     HelmRelease inline OCIRepository: spec.chart.spec.verify
#     HelmRelease chart.spec, OCIRepository: spec.verify of the OCIRepository
#     HelmRepository: "not applicable: charts are verified where they are named"
#     HelmChart: spec.verify
#     Kustomization: spec.verify of the OCIRepository
package fluxgate.rules.require_verify

import data.fluxgate.source as src

# METADATA
# description: a source that Flux is not told to verify, or by nothing that counts
violations contains violation if {
	some i, source in input.sources
	not _verified(source)
	violation := _violation(i, source)
}

_verified(source) if {
	source.verify.secret_ref
	input.params["require-verify"].providers[_] == source.verify.provider
}

_verified(source) if {
	source.verify.provider == "cosign"
	input.params["require-verify"].providers[_] == "cosign"
	_identified(source.verify)
}

_verified(source) if not source.form in {"oci-repository", "helm-chart"}

_identified(verify) if {
	count(verify.identities) > 0
	every identity in verify.identities {
		trim_space(identity.issuer) != ""
		trim_space(identity.subject) != ""
	}
}

_violation(i, source) := _of(i, source, "verify", "no signature is verified", _how(source)) if {
	not source.verify
} else := _of(
	i, source, "verify.provider",
	sprintf("provider %q is not allowed", [source.verify.provider]),
	sprintf("set %s to %s", [_field(source, "verify.provider"), concat(" or ", _providers)]),
) if {
	not source.verify.provider in _providers
} else := _of(i, source, "verify", _nobody[source.verify.provider], _how(source))

_providers := input.params["require-verify"].providers

_nobody := {
	"cosign": "neither a key nor an identity with issuer and subject says whose signature counts",
	"notation": "no secret with a trust policy says whose signature counts",
}

_how(source) := sprintf(
	"set %s to {provider: notation, secretRef: {name: <a Secret with trustpolicy.json and certificates>}}",
	[_field(source, "verify")],
) if {
	_wanted(source) == "notation"
} else := sprintf(
	concat("", [
		"set %s to {provider: cosign, secretRef: {name: <a Secret with *.pub keys>}}",
		" or {provider: cosign, matchOIDCIdentity: [{issuer: <regex>, subject: <regex>}]}",
	]),
	[_field(source, "verify")],
)

# The provider that the object asks for, if the policy allows it.
_wanted(source) := source.verify.provider if {
	source.verify.provider in _providers
} else := _providers[0]

# The verify block of a chart is written where the chart is named, even if the HelmRepository is another object.
_of(i, source, name, message, remediation) := src.own_violation(i, source, name, message, remediation) if {
	src.own_chart(source)
} else := src.violation(i, source, name, message, remediation)

_field(source, name) := src.own_field(source, name) if {
	src.own_chart(source)
} else := src.field(source, name)
