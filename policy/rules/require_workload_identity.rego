# METADATA
# title: a cloud's registry is reached by the cloud's own identity
# description: |
#   The registries of AWS, Google Cloud and Azure know who runs in their cloud, so that no password has to be stored,
#   copied and rotated: `provider` must be that of the host (aws, gcp or azure), and there must be no `secretRef`, which
#   Flux would prefer to it. On every other host the provider must be generic: a cloud's token is no business of theirs.
#   What has no canonical name is refused, as nobody can tell whose host it is.
#
#   Some repositories of a cloud are open to everybody. Those that are listed in `public` may be pulled without a
#   provider; a static secret is refused for them too. Other hosts of public images, such as `mcr.microsoft.com` and
#   `registry.k8s.io`, belong to no provider and are left alone.
#
#   This rule reads what the object asks for: a ServiceAccount with imagePullSecrets would go before the provider as
#   well, and hosts that only Flux's configuration makes a cloud's (as in Azure Stack) count as others.
# custom:
#   severity: high
#   phase: static
#   remediation: set provider to aws, gcp or azure as the host asks for it, and remove secretRef
#   params:
#     type: object
#     additionalProperties: false
#     properties:
#       public:
#         description: repositories of a cloud, or with `/**` all below a name, that may be pulled without a provider
#         type: array
#         maxItems: 1000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 512
#           pattern: ^[a-z0-9.-]+(/[a-z0-9._-]+)*/(\*\*|[a-z0-9._-]+)$
#         default: [public.ecr.aws/**, ecr-public.aws.com/**]
#   example: |
#     - rule: require-workload-identity
#       params:
#         public: [public.ecr.aws/**, us-docker.pkg.dev/acme-open/charts/**]
#   reads:
#     OCIRepository: spec.url, spec.provider, spec.secretRef
#     HelmRelease chartRef: "as in the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.url, spec.provider, spec.secretRef of the HelmRepository
#     HelmRelease inline OCIRepository: spec.chart.spec.url, .provider, .secretRef
#     HelmRelease chart.spec, OCIRepository: as in the OCIRepository
#     HelmRepository: "spec.url, spec.provider, spec.secretRef; type: oci only"
#     HelmChart: spec.url, spec.provider, spec.secretRef of the HelmRepository
#     Kustomization: as in the OCIRepository
package fluxgate.rules.require_workload_identity

import data.fluxgate.source as src

# METADATA
# description: a provider that is not that of the host
violations contains violation if {
	some i, source in input.sources
	provider := object.get(source, "provider", "generic")
	provider != source.repository.cloud
	not _open(source, provider)
	violation := src.violation(i, source, "provider", _misfit(source, provider), _fitting(source))
}

# METADATA
# description: a static secret for a cloud's registry
violations contains violation if {
	some i, source in input.sources
	source.secret_ref
	source.repository.cloud != "generic"
	violation := src.violation(
		i, source, "secretRef",
		sprintf("secretRef is a static secret for %s, and Flux prefers it to the provider", [source.repository.host]),
		sprintf("remove %s", [src.field(source, "secretRef")]),
	)
}

# METADATA
# description: a url of which nobody can tell whose host it has
violations contains violation if {
	some i, source in input.sources
	source.problem
	violation := src.violation(
		i, source, "url",
		sprintf("nobody can tell whose host it is: %s", [source.problem]),
		"write it in its canonical form, as canonical-url asks for",
	)
}

# Everybody may pull it without saying who he is.
_open(source, "generic") if source.repository.name in _public

_open(source, "generic") if {
	some parent in source.repository.parents
	concat("", [parent, "/**"]) in _public
}

# A HelmRepository is a prefix.
_open(source, "generic") if {
	source.form == "helm-repository"
	concat("", [source.repository.name, "/**"]) in _public
}

_public := input.params["require-workload-identity"].public

_misfit(source, provider) := sprintf(
	"%s is a registry of %s, and is reached without its identity",
	[source.repository.host, source.repository.cloud],
) if {
	provider == "generic"
} else := sprintf("provider %q does not fit the host %s", [provider, source.repository.host])

_fitting(source) := sprintf("remove %s, as the host is no cloud's", [src.field(source, "provider")]) if {
	source.repository.cloud == "generic"
} else := sprintf("set %s to %s", [src.field(source, "provider"), source.repository.cloud])
