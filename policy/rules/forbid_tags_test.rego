package fluxgate.rules.forbid_tags_test

import data.fluxgate.rules.forbid_tags

test_a_tag_that_matches_nothing_passes if judge({"tag": "v1.0.0"}) == set()

test_a_dot_in_a_pattern_is_a_dot if judge({"tag": "1x0"}) == set()

test_a_pattern_must_match_the_whole_tag if judge({"tag": "latest-stable"}) == set()

test_a_range_alone_has_no_tag if judge({"semver": ">=1"}) == set()

test_a_digest_alone_has_no_tag if judge({"digest": "sha256:aa"}) == set()

test_a_question_mark_is_one_character if {
	messages({"tag": "rc1"}) == {`tag "rc1" is forbidden`}
	messages({"tag": "rc12"}) == set()
}

test_wildcards_match if messages({"tag": "main-dev"}) == {`tag "main-dev" is forbidden`}

test_a_tag_is_judged_beside_a_digest if {
	messages({"tag": "latest", "digest": "sha256:aa"}) == {`tag "latest" is forbidden`}
}

test_a_tag_is_judged_beside_a_range if messages({"tag": "1.0", "semver": ">=1"}) == {`tag "1.0" is forbidden`}

test_no_ref_counts_as_latest if {
	judge({}) == {{
		"source": 0,
		"path": "spec.ref.tag",
		"message": `tag "latest" is forbidden, and Flux reads a reference without tag, semver and digest as that`,
		"remediation": "set spec.ref.tag to a tag that matches none of: latest, *-dev, rc?, 1.0",
	}}
}

test_the_version_of_a_chart_is_no_tag if {
	forbid_tags.violations == set() with input as {
		"params": params, "prepared": prepared,
		"sources": [{"form": "helm-chart", "path": "spec", "ref": {"semver": "latest"}}],
	}
}

params := {"forbid-tags": {"tags": ["latest", "*-dev", "rc?", "1.0"]}}

prepared["forbid-tags"] := made if {
	made := forbid_tags.prepared with input as {"params": params}
}

messages(ref) := {v.message | some v in judge(ref)}

judge(ref) := violations if {
	violations := forbid_tags.violations with input as {
		"params": params, "prepared": prepared,
		"sources": [{"form": "oci-repository", "path": "spec", "ref": ref}],
	}
}
