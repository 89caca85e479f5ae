package fluxgate.rules.signature_verified_test

import data.fluxgate.rules.signature_verified

oci := {"form": "oci-repository", "path": "spec", "verify": {"provider": "cosign"}, "ref": {"digest": "sha256:aa"}}

judge(source) := violations if violations := signature_verified.violations with input as {"sources": [source]}

unverified(reason, message) := object.union(oci, {"signature": {"reason": reason, "message": message, "signers": []}})

test_a_verified_artifact_passes if {
	judge(object.union(oci, {"signature": {"verified": true, "scheme": "notation", "signers": []}})) == set()
}

test_what_could_not_be_told_is_silent if judge(oci) == set()

test_what_is_no_artifact_is_silent if judge({"form": "other", "path": "spec", "signature": {"reason": "no-digest"}}) == set()

test_an_unsigned_artifact if {
	judge(unverified("unsigned", "has no signature")) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "the artifact has no signature",
		"remediation": "spec.verify says whose signature counts: correct it where that should be somebody else's",
	}}
}

test_a_block_that_verifies_nothing if {
	every reason in {
		"no-secret", "bad-secret", "any-identity", "bad-identity", "weak-trust-policy", "no-match", "unknown-provider",
	} {
		{v.remediation | some v in judge(unverified(reason, "x"))} == {"correct spec.verify or its Secret"}
	}
}

test_no_block_at_all if {
	some v in judge(unverified("no-verify", "has no verify block"))
	v.path == "spec.verify"
	v.remediation == "set spec.verify, to the keys or the identities of those who sign"
}

test_an_artifact_without_a_digest if {
	judge(unverified("no-digest", "has no digest")) == {{
		"source": 0,
		"path": "spec.ref.digest",
		"message": "the artifact has no digest",
		"remediation": "set spec.ref.digest, or have it pinned by a policy",
	}}
}

test_an_artifact_of_no_certain_repository if {
	judge(unverified("no-repository", "has a url that says nothing")) == {{
		"source": 0,
		"path": "spec.url",
		"message": "the artifact has a url that says nothing",
		"remediation": "write spec.url plainly, as in oci://ghcr.io/acme/app",
	}}
}

test_a_digest_that_is_to_come_is_waited_for if {
	judge(object.union(unverified("no-digest", "x"), {"pending": true})) == set()
	count(judge(object.union(unverified("unsigned", "x"), {"pending": true}))) == 1
}

test_a_chart_of_the_objects_own if {
	judge({
		"form": "helm-chart", "path": "spec.chart.spec", "origin": {"kind": "HelmRepository", "namespace": "a", "name": "b"},
		"signature": {"reason": "no-digest", "message": "has no digest", "signers": []},
	}) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.version",
		"message": "the artifact has no digest",
		"remediation": concat("", [
			"use an OCIRepository with a digest (chartRef): a chart has none, and cannot be verified once and for all ",
			"(spec.chart.spec.version)",
		]),
	}}
}

test_a_source_that_another_object_declares if {
	source := object.union(unverified("wrong-key", "is signed by another key"), {
		"path": "spec.chartRef",
		"origin": {"kind": "OCIRepository", "namespace": "a", "name": "b"},
	})
	judge(source) == {{
		"source": 0,
		"path": "spec.chartRef",
		"message": "OCIRepository a/b: the artifact is signed by another key",
		"remediation": "spec.verify of OCIRepository a/b says whose signature counts: correct it where that should be somebody else's",
	}}
}
