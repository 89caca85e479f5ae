# METADATA
# title: what is pulled has a signature that its verify block asks for
# description: |
#   Flux verifies signatures after the object is in the cluster. Here the digest is verified before, with the keys,
#   identities or trust policy of the object's own verify block, so that an artifact that is unsigned, or signed by
#   somebody else, does not get in. It is the digest in the object that is verified, so an artifact without one, and a
#   chart, which can have none, break the rule as well.
#
#   What is verified in which scheme, and what is refused that Flux would take, is in docs/signatures.md. Whom a verify block
#   may trust is another question: that is for `verify-identity`, `signed-by` and for `spec.signatures` of the policy.
# custom:
#   severity: critical
#   phase: facts
#   needs: [signature]
#   remediation: sign the artifact as the verify block asks, or correct the block
#   example: |
#     - rule: signature-verified
#   reads:
#     OCIRepository: "spec.verify with its Secrets, and the signatures of spec.ref.digest in the registry"
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.chart.spec.verify; a chart has no digest, and so breaks the rule"
#     HelmRelease inline OCIRepository: "spec.chart.spec.verify with its Secrets, and the signatures of spec.chart.spec.ref.digest"
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: "not applicable: charts are verified where they are named"
#     HelmChart: "spec.verify; a chart has no digest, and so breaks the rule"
#     Kustomization: as in the OCIRepository
package fluxgate.rules.signature_verified

import data.fluxgate.signature as sig

# METADATA
# description: an artifact that is not verified
violations contains violation if {
	some i, source in input.sources
	some flaw in sig.flaws(source)
	violation := sig.violation(i, source, flaw)
}
