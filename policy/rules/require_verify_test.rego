package fluxgate.rules.require_verify_test

import data.fluxgate.rules.require_verify

both := ["cosign", "notation"]

test_a_key_passes if judge(both, block({"provider": "cosign", "secret_ref": "keys"})) == set()

test_a_whole_identity_passes if {
	judge(both, block({"provider": "cosign", "identities": [{"issuer": "https://i", "subject": "me"}]})) == set()
}

test_notation_with_its_trust_policy_passes if {
	judge(both, block({"provider": "notation", "secret_ref": "trust"})) == set()
}

test_no_block_is_refused if {
	judge(both, {"form": "oci-repository", "path": "spec"}) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "no signature is verified",
		"remediation": cosign_or("spec.verify"),
	}}
}

test_an_empty_block_does_not_count if {
	messages(both, {"provider": "cosign", "identities": []}) == {nobody}
}

test_keyless_without_identity_does_not_count if {
	every identity in [{}, {"issuer": "https://i"}, {"subject": "me"}, {"issuer": " ", "subject": "me"}] {
		messages(both, {"provider": "cosign", "identities": [identity]}) == {nobody}
	}
}

test_one_identity_that_accepts_anybody_spoils_the_others if {
	messages(both, {"provider": "cosign", "identities": [{"issuer": "https://i", "subject": "me"}, {}]}) == {nobody}
}

test_identities_are_nothing_to_notation if {
	judge(both, block({"provider": "notation", "identities": [{"issuer": "https://i", "subject": "me"}]})) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "no secret with a trust policy says whose signature counts",
		"remediation": notation("spec.verify"),
	}}
}

test_a_provider_that_is_not_allowed_is_refused if {
	judge(["notation"], block({"provider": "cosign", "secret_ref": "keys"})) == {{
		"source": 0,
		"path": "spec.verify.provider",
		"message": `provider "cosign" is not allowed`,
		"remediation": "set spec.verify.provider to notation",
	}}
	messages(both, {"provider": "none", "secret_ref": "keys"}) == {`provider "none" is not allowed`}
}

test_identities_do_not_allow_a_provider if {
	identities := [{"issuer": "https://i", "subject": "me"}]
	messages(["notation"], {"provider": "cosign", "identities": identities}) == {`provider "cosign" is not allowed`}
}

test_the_remediation_names_an_allowed_provider if {
	{v.remediation | some v in judge(["notation"], {"form": "oci-repository", "path": "spec"})} == {
		notation("spec.verify"),
	}
}

test_a_chart_is_judged_by_its_own_block if {
	chart := {
		"form": "helm-chart", "path": "spec.chart.spec",
		"origin": {"kind": "HelmRepository", "namespace": "flux-system", "name": "charts"},
	}
	judge(both, chart) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.verify",
		"message": "no signature is verified",
		"remediation": cosign_or("spec.chart.spec.verify"),
	}}
	judge(both, object.union(chart, {"verify": {"provider": "cosign", "secret_ref": "keys"}})) == set()
}

test_a_source_of_another_object_is_named if {
	judge(both, {
		"form": "oci-repository", "path": "spec.sourceRef",
		"origin": {"kind": "OCIRepository", "namespace": "apps", "name": "podinfo"},
	}) == {{
		"source": 0,
		"path": "spec.sourceRef",
		"message": "OCIRepository apps/podinfo: no signature is verified",
		"remediation": cosign_or("spec.verify of OCIRepository apps/podinfo"),
	}}
}

test_what_cannot_be_verified_is_not_judged if {
	every form in ["helm-repository", "other", "missing", "untraceable"] {
		judge(both, {"form": form, "path": "spec"}) == set()
	}
}

nobody := "neither a key nor an identity with issuer and subject says whose signature counts"

cosign_or(field) := concat("", [
	"set ", field, " to {provider: cosign, secretRef: {name: <a Secret with *.pub keys>}}",
	" or {provider: cosign, matchOIDCIdentity: [{issuer: <regex>, subject: <regex>}]}",
])

notation(field) := concat("", [
	"set ", field,
	" to {provider: notation, secretRef: {name: <a Secret with trustpolicy.json and certificates>}}",
])

block(verify) := {"form": "oci-repository", "path": "spec", "verify": verify}

messages(providers, verify) := {v.message | some v in judge(providers, block(verify))}

judge(providers, source) := violations if {
	violations := require_verify.violations with input as {
		"params": {"require-verify": {"providers": providers}},
		"sources": [source],
	}
}
