package fluxgate.rules.digest_matches_ref_test

import data.fluxgate.rules.digest_matches_ref

test_the_digest_of_the_tag_passes if {
	judge({"ref": {"tag": "v1", "digest": "sha256:aa"}, "resolved": {"tag": "v1", "digest": "sha256:aa"}}) == set()
}

test_another_digest_than_the_tags_is_told_with_both if {
	judge({"ref": {"tag": "v1", "digest": "sha256:bb"}, "resolved": {"tag": "v1", "digest": "sha256:aa"}}) == {{
		"source": 0,
		"path": "spec.ref.digest",
		"message": `digest "sha256:bb" is not what tag "v1" names, which is sha256:aa`,
		"remediation": "set spec.ref.digest to sha256:aa, or remove spec.ref.tag",
	}}
}

test_a_range_goes_before_a_tag_as_in_flux if {
	judge({
		"ref": {"tag": "v1", "semver": ">=1", "digest": "sha256:bb"},
		"resolved": {"tag": "1.2.0", "digest": "sha256:aa"},
	}) == {{
		"source": 0,
		"path": "spec.ref.digest",
		"message": `digest "sha256:bb" is not what semver ">=1" (tag "1.2.0") names, which is sha256:aa`,
		"remediation": "set spec.ref.digest to sha256:aa, or remove spec.ref.semver",
	}}
}

test_a_digest_alone_has_nothing_to_match if {
	judge({"ref": {"digest": "sha256:bb"}, "resolved": {"tag": "latest", "digest": "sha256:aa"}}) == set()
}

test_what_nobody_asked_for_is_not_judged if {
	judge({"ref": {"tag": "v1", "digest": "sha256:bb"}}) == set()
}

test_no_digest_is_the_matter_of_another_rule if {
	judge({"ref": {"tag": "v1"}, "resolved": {"tag": "v1", "digest": "sha256:aa"}}) == set()
}

test_a_tag_that_moved_later_is_left_alone if {
	source := {
		"form": "oci-repository", "path": "spec",
		"ref": {"tag": "v1", "digest": "sha256:bb"}, "resolved": {"tag": "v1", "digest": "sha256:aa"},
	}
	digest_matches_ref.violations == set() with input as {"sources": [source]}
}

judge(source) := violations if {
	changed := object.union({"form": "oci-repository", "path": "spec", "changed": true}, source)
	violations := digest_matches_ref.violations with input as {"sources": [changed]}
}
