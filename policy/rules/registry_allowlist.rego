# METADATA
# title: only allowed registries are pulled from
# description: |
#   Every repository must match a pattern of the list. A pattern is a host and the segments of a path, as in
#   `ghcr.io/acme/**`: `*` stands for any characters within one segment, and in the host within one label; `**` may only
#   be the last segment, and stands for one segment or more. Nothing else is special, and a pattern is compared with the
#   whole canonical name of the repository: `ghcr.io/acme/**` matches neither `ghcr.io/acme`, nor `ghcr.io/acme-evil/x`,
#   nor `ghcr.io.evil.com/acme/x`. A port must be written to be matched.
#
#   A HelmRepository is a prefix: all charts directly below it must be allowed. Those in deeper folders are judged where
#   a HelmRelease or HelmChart names them.
#
#   A url that has no canonical name matches no pattern. Whatever the action of this rule is, a repository that it does
#   not allow is not dialled.
# custom:
#   severity: critical
#   phase: static
#   remediation: pull from an allowed registry, or ask the administrator to add this one to the policy's allow-list
#   params:
#     type: object
#     additionalProperties: false
#     required: [allow]
#     properties:
#       allow:
#         description: patterns of the repositories that may be pulled from
#         type: array
#         minItems: 1
#         maxItems: 10000
#         uniqueItems: true
#         items:
#           type: string
#           maxLength: 512
#           pattern: ^([a-z0-9._*-]+|\[[0-9a-f:]+\])(:[0-9]+)?(/[a-z0-9._*-]+)+$
#   example: |
#     - rule: registry-allowlist
#       params:
#         allow:
#           - ghcr.io/acme/**
#           - docker.io/library/nginx
#           - "*.dkr.ecr.eu-west-1.amazonaws.com/**"
#           - registry.example.com:5000/team-*/*
#   reads:
#     OCIRepository: spec.url
#     HelmRelease chartRef: "spec.url of the OCIRepository; for a HelmChart as there"
#     HelmRelease chart.spec, HelmRepository: spec.url of the HelmRepository, with spec.chart.spec.chart
#     HelmRelease inline OCIRepository: spec.chart.spec.url
#     HelmRelease chart.spec, OCIRepository: spec.url of the OCIRepository
#     HelmRepository: "spec.url, as a prefix of charts; type: oci only"
#     HelmChart: spec.url of the HelmRepository, with spec.chart
#     Kustomization: spec.url of the OCIRepository
package fluxgate.rules.registry_allowlist

import data.fluxgate.source as src

_patterns := input.params["registry-allowlist"].allow

# METADATA
# description: |
#   The list in the form that is fast to ask, made once per policy: a set of names, a set of the prefixes before "/**",
#   one regular expression for the patterns with other wildcards, and the sentence that ends a remediation.
prepared := {
	"names": {pattern | some pattern in _patterns; not contains(pattern, "*")},
	"trees": {prefix |
		some pattern in _patterns
		prefix := trim_suffix(pattern, "/**")
		prefix != pattern
		not contains(prefix, "*")
	},
	"regex": sprintf("^(?:%s)$", [concat("|", sort([_regex(pattern) | some pattern in _patterns; _wild(pattern)]))]),
	"shown": _shown,
}

# METADATA
# description: what the schema cannot say of the patterns
invalid contains {"path": sprintf(".allow[%d]", [i]), "message": message} if {
	some i, pattern in _patterns
	message := _mistake(pattern)
}

# METADATA
# description: a repository that no pattern matches, or a url that has no canonical name and so is on no list
violations contains violation if {
	some i, source in input.sources
	not _allowed(source)
	violation := src.violation(i, source, "url", _message(source), _remediation)
}

_allowed(source) if {
	some parent in source.repository.parents
	input.prepared["registry-allowlist"].trees[parent]
}

_allowed(source) if input.prepared["registry-allowlist"].names[_subject(source)]

_allowed(source) if regex.match(input.prepared["registry-allowlist"].regex, _subject(source))

_allowed(source) if {
	source.form == "helm-repository"
	input.prepared["registry-allowlist"].trees[source.repository.name]
}

# These are no OCI artifacts, or nobody knows what they are.
_allowed(source) if source.form in {"other", "missing", "untraceable"}

# The name that a pattern must match. For a HelmRepository it is that of a chart which no pattern can spell out, so that
# only wildcards match it.
_subject(source) := concat("", [source.repository.name, "/?"]) if {
	source.form == "helm-repository"
} else := source.repository.name

_message(source) := sprintf("the url cannot be compared with the allow-list: %s", [source.problem]) if {
	source.problem
} else := "the allow-list cannot be asked: no repository is named" if {
	not source.repository
} else := sprintf("not every chart below %s is on the allow-list", [source.repository.name]) if {
	source.form == "helm-repository"
} else := sprintf("%s is not on the allow-list", [source.repository.name])

_remediation := sprintf(
	"pull from a repository that the policy allows: %s",
	[input.prepared["registry-allowlist"].shown],
)

# Patterns with wildcards elsewhere than in a last "**".
_wild(pattern) if contains(trim_suffix(pattern, "/**"), "*")

# Only what the schema admits can stand in a pattern; of that, three characters are special in a regular expression.
_regex(pattern) := concat("", [host_regex, path_regex, deep]) if {
	tree := trim_suffix(pattern, "/**")
	host := split(tree, "/")[0]
	host_regex := replace(_quoted(host), "*", "[^./:]*")
	path_regex := replace(_quoted(trim_prefix(tree, host)), "*", "[^/]*")
	deep := {true: "", false: "/.+"}[tree == pattern]
}

_quoted(text) := replace(replace(replace(text, ".", `\.`), "[", `\[`), "]", `\]`)

_shown := concat(", ", _patterns) if count(_patterns) <= 8

_shown := sprintf("%s and %d more", [concat(", ", array.slice(_patterns, 0, 8)), count(_patterns) - 8]) if {
	count(_patterns) > 8
}

# The first of these that a pattern has; each would make it match nothing, or not what it seems to.
_mistake(pattern) := sprintf("%q must be in lower case: write %s", [pattern, lower(pattern)]) if {
	lower(pattern) != pattern
} else := sprintf("%q must be without a scheme: write %s", [pattern, split(pattern, "://")[1]]) if {
	contains(pattern, "://")
} else := sprintf("%q is a host alone and matches no repository: write %s/**", [pattern, pattern]) if {
	not contains(pattern, "/")
} else := sprintf("%q: the canonical name of Docker Hub is docker.io: write docker.io/%s", [pattern, path]) if {
	path := trim_prefix(pattern, "index.docker.io/")
	path != pattern
} else := sprintf("%q has a segment that no name has: write neither empty segments nor . or ..", [pattern]) if {
	split(pattern, "/")[_] in {"", ".", ".."}
} else := sprintf("%q does not begin with a host: write docker.io/%s if Docker Hub is meant", [pattern, pattern]) if {
	not regex.match(`^[^/]*[.:]`, pattern)
} else := sprintf("%q: a host has no trailing dot in canonical names: write %s", [pattern, right]) if {
	right := regex.replace(pattern, `^([^/:]*)\.([/:])`, "$1$2")
	right != pattern
} else := sprintf("%q: the default port 443 is not in canonical names: write %s", [pattern, right]) if {
	right := regex.replace(pattern, `^([^/]*):443/`, "$1/")
	right != pattern
} else := sprintf("%q: ** may only be the whole last segment; * stands for characters within one", [pattern]) if {
	contains(trim_suffix(pattern, "/**"), "**")
} else := sprintf("%q lacks an account, and matches nothing: write docker.io/library/%s", [pattern, image]) if {
	image := trim_prefix(pattern, "docker.io/")
	image != pattern
	not contains(image, "/")
	image != "**"
}
