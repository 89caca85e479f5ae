package fluxgate.rules.signed_by_test

import data.fluxgate.rules.signed_by

print_a := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

issuer := "https://i"

ours := {
	"keys": [print_a],
	"identities": [{"issuer": issuer, "subject": "me"}, {"issuer": issuer, "subjectRegExp": `bot-\d+`}],
	"allowTrustedRoot": false,
}

by(signers) := {
	"form": "oci-repository", "path": "spec", "ref": {"digest": "sha256:aa"},
	"verify": {"provider": "cosign"}, "signature": {"verified": true, "scheme": "cosign-bundle", "signers": signers},
}

judge(params, source) := violations if {
	prepared := signed_by.prepared with input.params as {"signed-by": params}
	violations := signed_by.violations with input as {
		"params": {"signed-by": params},
		"prepared": {"signed-by": prepared},
		"sources": [source],
	}
}

wrong(params) := problems if {
	problems := signed_by.invalid with input.params as {"signed-by": object.union({"keys": [], "identities": []}, params)}
}

test_a_listed_key_passes if judge(ours, by([{"fingerprint": print_a}])) == set()

test_a_listed_identity_passes if {
	judge(ours, by([{"issuer": issuer, "subject": "me"}])) == set()
	judge(ours, by([{"issuer": issuer, "subject": "bot-12"}])) == set()
}

test_one_listed_signer_is_enough if {
	judge(ours, by([{"fingerprint": "sha256:bb"}, {"fingerprint": print_a}])) == set()
}

test_another_key_is_refused if {
	judge(ours, by([{"fingerprint": "sha256:bb"}])) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "the artifact is signed by the key sha256:bb, whom the policy does not list",
		"remediation": "have it signed by somebody whom the policy lists, and let spec.verify ask for that",
	}}
}

test_expressions_match_the_whole_subject_and_issuers_are_compared if {
	every signer in [
		{"issuer": issuer, "subject": "not bot-12"},
		{"issuer": issuer, "subject": "bot-12x"},
		{"issuer": "https://other", "subject": "bot-12"},
		{"issuer": "https://other", "subject": "me"},
		{"issuer": issuer, "subject": "you"},
		{"issuer": issuer},
		{"subject": "me"},
		{},
	] {
		count(judge(ours, by([signer]))) == 1
	}
}

test_nobody_is_not_somebody if {
	{v.message | some v in judge(ours, by([]))} == {"the artifact is signed by nobody who is named, whom the policy does not list"}
}

test_an_authority_of_the_objects_own_certifies_nobody if {
	source := object.union(by([{"issuer": issuer, "subject": "me"}]), {"verify": {"trusted_root_secret_ref": "root"}})
	{v.message | some v in judge(ours, source)} == {concat("", [
		`the artifact is signed by "me" of "https://i" (by an authority of the object's own, trustedRootSecretRef),`,
		" whom the policy does not list",
	])}
	judge(object.union(ours, {"allowTrustedRoot": true}), source) == set()
}

test_an_artifact_that_is_not_verified_is_refused if {
	source := object.union(
		object.remove(by([]), ["signature"]),
		{"signature": {"reason": "unsigned", "message": "has no signature", "signers": []}},
	)
	{v.message | some v in judge(ours, source)} == {"the artifact has no signature"}
}

test_what_could_not_be_told_is_silent if judge(ours, object.remove(by([]), ["signature"])) == set()

test_parameters_that_say_nothing_are_refused if {
	wrong({}) == {{"path": ".identities", "message": "set identities, keys or both: without them nobody is trusted"}}
	wrong({"keys": ["sha256:AA"]}) == {{
		"path": ".keys[0]",
		"message": `"sha256:AA" is no fingerprint: write sha256: with 64 hexadecimal digits in lower case`,
	}}
	wrong({"identities": [{"issuer": "i"}]}) == {{"path": ".identities[0]", "message": "set either subject or subjectRegExp"}}
	wrong({"identities": [{"issuer": "i", "subjectRegExp": "("}]}) == {{
		"path": ".identities[0].subjectRegExp",
		"message": `"(" is no regular expression`,
	}}
	wrong({"identities": [{"issuer": "i", "subjectRegExp": ".*"}]}) == {{
		"path": ".identities[0].subjectRegExp",
		"message": `".*" matches the empty text, and so trusts anybody`,
	}}
	wrong(object.remove(ours, ["allowTrustedRoot"])) == set()
}
