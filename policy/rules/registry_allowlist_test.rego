package fluxgate.rules.registry_allowlist_test

import data.fluxgate.rules.registry_allowlist

list := [
	"ghcr.io/acme/**", "docker.io/library/nginx", "*.dkr.example.com/**",
	"registry.example.com:5000/team-*/*", "[2001:db8::5]:5000/x/*",
]

test_names_that_a_pattern_matches_pass if {
	every name in [
		"ghcr.io/acme/app", "ghcr.io/acme/a/b/c", "docker.io/library/nginx", "one.dkr.example.com/a/b",
		"registry.example.com:5000/team-a/app", "[2001:db8::5]:5000/x/y",
	] {
		judge(list, repository("oci-repository", name)) == set()
	}
}

test_names_that_only_look_alike_are_refused if {
	every name in [
		"ghcr.io/acme", "ghcr.io/acme-evil/x", "ghcr.io.evil.com/acme/x", "evil.com/ghcr.io/acme/x", "ghcr.io:5000/acme/x",
		"docker.io/library/nginx/x", "docker.io/library/nginx2", "two.one.dkr.example.com/a", "evil:1.dkr.example.com/a",
		"onexdkr.example.com/a", "registry.example.com/team-a/app", "registry.example.com:5000/team-a/b/c",
		"registry.example.com:5000/teams/app", "2001:db8::5:5000/x/y",
	] {
		messages(list, repository("oci-repository", name)) == {sprintf("%s is not on the allow-list", [name])}
	}
}

test_the_remediation_names_the_patterns if {
	judge(["ghcr.io/acme/**"], repository("oci-repository", "evil.com/x")) == {{
		"source": 0,
		"path": "spec.url",
		"message": "evil.com/x is not on the allow-list",
		"remediation": "pull from a repository that the policy allows: ghcr.io/acme/**",
	}}
}

test_the_remediation_is_capped if {
	many := [sprintf("ghcr.io/acme/%s", [c]) | some c in split("a b c d e f g h i j", " ")]
	{v.remediation | some v in judge(many, repository("oci-repository", "evil.com/x"))} == {concat("", [
		"pull from a repository that the policy allows: ",
		concat(", ", array.slice(many, 0, 8)),
		" and 2 more",
	])}
}

test_a_helm_repository_needs_every_chart_allowed if {
	every name in ["ghcr.io/acme", "ghcr.io/acme/charts", "one.dkr.example.com", "registry.example.com:5000/team-a"] {
		judge(list, repository("helm-repository", name)) == set()
	}
	every name in ["ghcr.io", "docker.io/library", "docker.io/library/nginx", "registry.example.com:5000"] {
		messages(list, repository("helm-repository", name)) == {
			sprintf("not every chart below %s is on the allow-list", [name]),
		}
	}
}

test_a_url_without_canonical_name_is_on_no_list if {
	messages(["ghcr.io/acme/**"], {"form": "oci-repository", "path": "spec", "problem": "it contains @"}) == {
		"the url cannot be compared with the allow-list: it contains @",
	}
}

test_a_source_without_repository_is_not_let_through if {
	messages(["ghcr.io/acme/**"], {"form": "oci-repository", "path": "spec"}) == {
		"the allow-list cannot be asked: no repository is named",
	}
}

test_what_is_no_artifact_is_not_judged if {
	every form in ["other", "missing", "untraceable"] {
		judge(list, {"form": form, "path": "spec.sourceRef"}) == set()
	}
}

test_patterns_that_match_nothing_or_too_much_are_explained if {
	every pattern, why in {
		"GHCR.io/acme/**": "must be in lower case: write ghcr.io/acme/**",
		"oci://ghcr.io/acme/**": "must be without a scheme: write ghcr.io/acme/**",
		"ghcr.io": "is a host alone and matches no repository: write ghcr.io/**",
		"ghcr.io//x": "has a segment that no name has: write neither empty segments nor . or ..",
		"ghcr.io/x/": "has a segment that no name has: write neither empty segments nor . or ..",
		"ghcr.io/../x": "has a segment that no name has: write neither empty segments nor . or ..",
		"acme/app": "does not begin with a host: write docker.io/acme/app if Docker Hub is meant",
		"docker.io/nginx": "lacks an account, and matches nothing: write docker.io/library/nginx",
	} {
		mistakes([pattern]) == {[".allow[0]", sprintf("%q %s", [pattern, why])]}
	}
	every pattern, why in {
		"index.docker.io/acme/**": "the canonical name of Docker Hub is docker.io: write docker.io/acme/**",
		"ghcr.io./acme/**": "a host has no trailing dot in canonical names: write ghcr.io/acme/**",
		"ghcr.io:443/acme/**": "the default port 443 is not in canonical names: write ghcr.io/acme/**",
		"ghcr.io/**/x": "** may only be the whole last segment; * stands for characters within one",
		"ghcr.io/x**": "** may only be the whole last segment; * stands for characters within one",
		"**.io/x": "** may only be the whole last segment; * stands for characters within one",
	} {
		mistakes([pattern]) == {[".allow[0]", sprintf("%q: %s", [pattern, why])]}
	}
}

test_sound_patterns_are_no_mistake if {
	mistakes(array.concat(list, ["docker.io/**", "localhost:5000/x"])) == set()
}

mistakes(patterns) := {[m.path, m.message] |
	some m in registry_allowlist.invalid with input as {"params": {"registry-allowlist": {"allow": patterns}}}
}

repository(form, name) := {
	"form": form, "path": "spec",
	"repository": {"name": name, "parents": parents(name)},
}

parents(name) := [concat("/", array.slice(segments, 0, n)) |
	segments := split(name, "/")
	some n, _ in segments
	n > 0
]

messages(patterns, source) := {v.message | some v in judge(patterns, source)}

judge(patterns, source) := violations if {
	params := {"registry-allowlist": {"allow": patterns}}
	prepared := registry_allowlist.prepared with input as {"params": params}
	violations := registry_allowlist.violations with input as {
		"params": params,
		"prepared": {"registry-allowlist": prepared},
		"sources": [source],
	}
}
