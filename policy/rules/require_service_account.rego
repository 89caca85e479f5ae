# METADATA
# title: Flux acts under an identity of the object's namespace
# description: |
#   Without `serviceAccountName`, Flux applies what it pulled with its own rights, which are usually those of a cluster's
#   administrator: whoever may write a HelmRelease or a Kustomization has them too. The name of a ServiceAccount in the
#   object's own namespace bounds them, also where a kubeConfig leads to another cluster.
#
#   The same holds for logging in: a `provider` without a ServiceAccount uses source-controller's own identity in the
#   cloud, and reads whatever that may read. An OCIRepository can name a ServiceAccount (up to source-controller 1.9
#   behind the feature gate ObjectLevelWorkloadIdentity); a HelmRepository cannot. With `secretRef`, or without a
#   provider, nothing of Flux's own is used and no ServiceAccount is asked for.
#
#   Flux's own default (`--default-service-account`) is not seen by this rule.
# custom:
#   severity: high
#   phase: static
#   remediation: set serviceAccountName to a ServiceAccount of the object's namespace
#   example: |
#     - rule: require-service-account
#   reads:
#     OCIRepository: spec.serviceAccountName, spec.provider, spec.secretRef
#     HelmRelease chartRef: "spec.serviceAccountName; then as in the OCIRepository, for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: "spec.serviceAccountName; then as in the HelmRepository"
#     HelmRelease inline OCIRepository: "spec.serviceAccountName; spec.chart.spec.serviceAccountName, .provider, .secretRef"
#     HelmRelease chart.spec, OCIRepository: "spec.serviceAccountName; then as in the OCIRepository"
#     HelmRepository: "spec.provider, spec.secretRef; type: oci only"
#     HelmChart: spec.provider, spec.secretRef of the HelmRepository
#     Kustomization: "spec.serviceAccountName; then as in the OCIRepository"
package fluxgate.rules.require_service_account

import data.fluxgate.source as src

# METADATA
# description: an object that Flux applies with its own rights; told beside a source, so that it ratchets with that
violations contains violation if {
	input.object.kind in {"HelmRelease", "Kustomization"}
	not input.object.service_account_name
	some i, _ in input.sources
	violation := {
		"source": i,
		"own": true,
		"path": "spec.serviceAccountName",
		"message": "without serviceAccountName, Flux applies what it pulls with its own rights",
		"remediation": "set spec.serviceAccountName to a ServiceAccount of this namespace that may do what is needed",
	}
}

# METADATA
# description: an artifact that is pulled with source-controller's own identity in a cloud
violations contains violation if {
	some i, source in input.sources
	source.provider != "generic"
	source.form == "oci-repository"
	_borrowed(source)
	violation := src.violation(
		i, source, "serviceAccountName",
		sprintf("provider %q without serviceAccountName logs in as Flux itself", [source.provider]),
		sprintf(
			"set %s to a ServiceAccount that is bound to an identity of its own in the cloud",
			[src.field(source, "serviceAccountName")],
		),
	)
}

# METADATA
# description: a HelmRepository with a provider, which can name no ServiceAccount
violations contains violation if {
	some i, source in input.sources
	source.provider != "generic"
	source.form in {"helm-repository", "helm-chart"}
	_borrowed(source)
	violation := src.violation(
		i, source, "provider",
		sprintf("provider %q of a HelmRepository logs in as Flux itself: it can name no ServiceAccount", [source.provider]),
		"use an OCIRepository, which has serviceAccountName, and name it in spec.chartRef of the HelmRelease",
	)
}

# Flux reads the provider only where there are no static credentials (source-controller, reconcileSource, GetClientOpts).
_borrowed(source) if {
	not source.service_account_name
	not source.secret_ref
}
