package fluxgate.rules.verify_identity_test

import data.fluxgate.rules.verify_identity

me := {"issuer": "^https://i$", "subject": "^me$"}

print_a := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

ours := {"identities": [me], "keys": [print_a], "allowTrustedRoot": false}

only_us := {"identities": [me], "keys": [], "allowTrustedRoot": false}

only_a := {"identities": [], "keys": [print_a], "allowTrustedRoot": false}

test_a_listed_identity_passes if judge(ours, keyless([me])) == set()

test_a_listed_key_passes if {
	judge(ours, keyed("cosign", [{"entry": "a.pub", "fingerprint": print_a}])) == set()
	judge(ours, keyed("notation", [{"entry": "a.crt", "fingerprint": print_a}])) == set()
}

test_another_identity_is_refused if {
	judge(ours, keyless([me, {"issuer": "^https://i$", "subject": "^me"}])) == {{
		"source": 0,
		"path": "spec.verify",
		"message": `the policy does not trust {issuer: "^https://i$", subject: "^me"}`,
		"remediation": `write in spec.verify.matchOIDCIdentity only {issuer: "^https://i$", subject: "^me$"}`,
	}}
}

test_issuers_and_subjects_are_compared_together if {
	you := {"issuer": "^https://y$", "subject": "^you$"}
	mixed := {"issuer": me.issuer, "subject": you.subject}
	params := object.union(ours, {"identities": [me, you]})
	judge(params, keyless([me, you])) == set()
	count(judge(params, keyless([mixed]))) == 1
}

test_an_identity_that_leaves_something_out_is_refused if {
	every identity in [{}, {"issuer": me.issuer}, {"subject": me.subject}] {
		count(judge(ours, keyless([identity]))) == 1
	}
}

test_only_some_are_shown if {
	found := judge(ours, keyless([{"issuer": "i", "subject": subject} | some subject in ["1", "2", "3", "4", "5"]]))
	{v.message | some v in found} == {concat("", [
		`the policy does not trust {issuer: "i", subject: "1"}, {issuer: "i", subject: "2"},`,
		` {issuer: "i", subject: "3"} and 2 more`,
	])}
}

test_where_no_identity_is_trusted_none_passes if {
	{v.remediation | some v in judge(only_a, keyless([me]))} == {"write in spec.verify.matchOIDCIdentity only none"}
}

test_another_key_is_refused_beside_a_listed_one if {
	judge(ours, keyed("cosign", [
		{"entry": "a.pub", "fingerprint": print_a},
		{"entry": "z.pub", "fingerprint": "sha256:bb"},
	])) == {{
		"source": 0,
		"path": "spec.verify",
		"message": `Secret "keys" holds keys that the policy does not trust: sha256:bb under "z.pub"`,
		"remediation": sprintf("keep in it only keys of the policy's list: %s", [print_a]),
	}}
}

test_a_secret_that_gives_no_keys_is_refused if {
	judge(only_us, block({"provider": "cosign", "secret_ref": "keys"}, {"problem": "does not exist", "entries": []})) == {{
		"source": 0,
		"path": "spec.verify",
		"message": `Secret "keys" does not exist`,
		"remediation": "put into it only keys of the policy's list: none",
	}}
}

test_keys_that_could_not_be_read_are_not_judged if {
	judge(ours, {"form": "oci-repository", "path": "spec", "verify": {"provider": "cosign", "secret_ref": "keys"}}) == set()
}

test_no_block_is_refused if {
	judge(ours, {"form": "oci-repository", "path": "spec"}) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "no signature is verified",
		"remediation": passes("spec.verify"),
	}}
}

test_a_block_that_trusts_anybody_is_refused if {
	every verify in [
		{"provider": "cosign", "identities": []},
		{"provider": "notation", "identities": []},
		{"provider": "notation", "identities": [me]},
	] {
		judge(ours, block(verify, {})) == {{
			"source": 0,
			"path": "spec.verify",
			"message": "it trusts anybody, as it names neither a key nor an identity",
			"remediation": passes("spec.verify"),
		}}
	}
}

test_a_provider_that_nobody_knows_is_refused if {
	judge(ours, block({"provider": "gpg", "secret_ref": "keys", "identities": [me]}, {})) == {{
		"source": 0,
		"path": "spec.verify",
		"message": `provider "gpg" verifies nothing`,
		"remediation": passes("spec.verify"),
	}}
}

test_a_trusted_root_of_ones_own_is_refused if {
	own_root := block({"provider": "cosign", "identities": [me], "trusted_root_secret_ref": "root"}, {})
	judge(ours, own_root) == {{
		"source": 0,
		"path": "spec.verify",
		"message": "trustedRootSecretRef brings an authority of the object's own, which can vouch for anybody",
		"remediation": "remove spec.verify.trustedRootSecretRef",
	}}
	judge(object.union(ours, {"allowTrustedRoot": true}), own_root) == set()
}

test_every_flaw_is_named if {
	count(judge(ours, block(
		{"provider": "cosign", "secret_ref": "keys", "trusted_root_secret_ref": "root", "identities": [{}]},
		{"problem": "does not exist", "entries": []},
	))) == 3
}

test_a_chart_is_judged_by_its_own_block if {
	judge(ours, chart("apps", [{"entry": "a.pub", "fingerprint": print_a}])) == set()
	judge(ours, chart("apps", [{"entry": "z.pub", "fingerprint": "sha256:bb"}])) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.verify",
		"message": `Secret "keys" holds keys that the policy does not trust: sha256:bb under "z.pub"`,
		"remediation": sprintf("keep in it only keys of the policy's list: %s", [print_a]),
	}}
}

test_a_chart_without_a_block_is_refused if {
	judge(ours, object.remove(chart("infra", []), ["verify"])) == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.verify",
		"message": "no signature is verified",
		"remediation": passes("spec.chart.spec.verify"),
	}}
}

test_a_secret_of_another_namespace_is_not_described if {
	judge(ours, chart("infra", [{"entry": "a.pub", "fingerprint": print_a}])) == set()
	every keys in [
		{"entries": [{"entry": "z.pub", "fingerprint": "sha256:bb"}]},
		{"entries": [{"entry": "y.pub", "fingerprint": "sha256:cc"}, {"entry": "z.pub", "fingerprint": "sha256:bb"}]},
		{"problem": "does not exist", "entries": []},
	] {
		judge(ours, object.union(chart("infra", []), {"keys": keys})) == {{
			"source": 0,
			"own": true,
			"path": "spec.chart.spec.verify",
			"message": "the policy does not trust the Secret that it names, in the namespace of the HelmRepository",
			"remediation": "ask those who own that namespace, or use a HelmRepository and a Secret of this one",
		}}
	}
}

test_a_source_of_another_object_is_named if {
	judge(ours, object.union(keyless([]), {
		"path": "spec.sourceRef",
		"origin": {"kind": "OCIRepository", "namespace": "apps", "name": "app"},
	})) == {{
		"source": 0,
		"path": "spec.sourceRef",
		"message": "OCIRepository apps/app: it trusts anybody, as it names neither a key nor an identity",
		"remediation": passes("spec.verify of OCIRepository apps/app"),
	}}
}

test_what_cannot_be_verified_is_not_judged if {
	every form in ["helm-repository", "other", "missing", "untraceable"] {
		judge(ours, {"form": form, "path": "spec"}) == set()
	}
}

test_params_must_trust_somebody if {
	verify_identity.invalid == {{
		"path": ".identities",
		"message": "set identities, keys or both: without them nobody is trusted",
	}} with input.params as {"verify-identity": {"identities": [], "keys": []}}
	verify_identity.invalid == set() with input.params as {"verify-identity": ours}
}

test_params_must_not_trust_anybody if {
	verify_identity.invalid == {
		{"path": ".identities[0].issuer", "message": `"(" is no regular expression, which Flux reads it as`},
		{"path": ".identities[0].subject", "message": `".*" matches any text, and so trusts anybody`},
	} with input.params as {"verify-identity": {"identities": [{"issuer": "(", "subject": ".*"}], "keys": []}}
}

test_params_must_be_fingerprints if {
	verify_identity.invalid == {{
		"path": ".keys[0]",
		"message": `"SHA256:aa" is no fingerprint: write sha256: with 64 hexadecimal digits in lower case`,
	}} with input.params as {"verify-identity": {"identities": [], "keys": ["SHA256:aa"]}}
}

passes(field) := sprintf(
	concat("", [
		`set %s to {provider: cosign, matchOIDCIdentity: [{issuer: "^https://i$", subject: "^me$"}]}`,
		` or {provider: cosign, secretRef: {name: <a Secret with the key %s under *.pub>}}`,
	]),
	[field, print_a],
)

keyless(identities) := block({"provider": "cosign", "identities": identities}, {})

keyed(provider, keys) := block({"provider": provider, "secret_ref": "keys", "identities": []}, {"entries": keys})

block(verify, keys) := {"form": "oci-repository", "path": "spec", "verify": verify, "keys": keys}

chart(namespace, keys) := {
	"form": "helm-chart", "path": "spec.chart.spec", "keys": {"entries": keys},
	"verify": {"provider": "cosign", "secret_ref": "keys", "identities": []},
	"origin": {"kind": "HelmRepository", "namespace": namespace, "name": "charts"},
}

judge(params, source) := violations if {
	prepared := verify_identity.prepared with input.params as {"verify-identity": params}
	violations := verify_identity.violations with input as {
		"object": {"namespace": "apps"},
		"params": {"verify-identity": params},
		"prepared": {"verify-identity": prepared},
		"sources": [source],
	}
}
