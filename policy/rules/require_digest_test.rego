package fluxgate.rules.require_digest_test

import data.fluxgate.rules.require_digest

good := sprintf("sha256:%s", [concat("", ["0123456789abcdef" | some _ in [1, 2, 3, 4]])])

test_a_digest_passes if {
	judge({"ref": {"tag": "v1", "digest": good}}) == set()
}

test_a_tag_alone_is_refused_with_what_to_do if {
	judge({"ref": {"tag": "v1"}}) == {{
		"source": 0,
		"path": "spec.ref.digest",
		"message": `there is no digest, and tag "v1" can name another artifact tomorrow`,
		"remediation": concat("", [
			"set spec.ref.digest to the digest of the artifact, as in sha256:<64 hexadecimal digits>, ",
			"or let a policy pin it by spec.pin",
		]),
	}}
}

test_the_exact_digest_is_given_where_it_is_known if {
	{v.remediation | some v in judge({"ref": {"tag": "v1"}, "resolved": {"tag": "v1", "digest": good}})} == {
		sprintf("set spec.ref.digest to %s", [good]),
	}
}

test_what_decides_the_artifact_is_named_in_fluxs_order if {
	messages({"semver": ">=1", "tag": "v1"}) == {`there is no digest, and semver ">=1" can name another artifact tomorrow`}
	messages({}) == {"there is no digest, and tag \"latest\" can name another artifact tomorrow"}
}

test_a_pending_pin_is_left_alone if {
	judge({"ref": {"tag": "v1"}, "pending": true}) == set()
}

test_a_malformed_digest_is_refused_with_the_reason if {
	every digest, why in {
		upper(good): "must be in lower case",
		"sha256:abc": "has 3 characters after sha256: where 64 belong",
		replace(good, "0", "x"): "has characters that are not hexadecimal digits",
		"sha512:abc": "is not of the algorithm sha256",
		concat("", [good, "\n"]): "has 65 characters after sha256: where 64 belong",
	} {
		messages({"digest": digest}) == {sprintf("digest %q %s", [digest, why])}
	}
}

test_a_malformed_digest_is_refused_though_pending if {
	count(judge({"ref": {"digest": "sha256:abc"}, "pending": true})) == 1
}

test_a_chart_has_no_place_for_a_digest if {
	require_digest.violations == {{
		"source": 0,
		"own": true,
		"path": "spec.chart.spec.version",
		"message": "a chart of a HelmRepository has no place for a digest",
		"remediation": "use a HelmRelease with spec.chartRef to an OCIRepository that has spec.ref.digest",
	}} with input as {"sources": [{
		"form": "helm-chart", "path": "spec.chart.spec", "ref": {},
		"origin": {"kind": "HelmRepository", "namespace": "flux-system", "name": "charts"},
	}]}
}

test_a_chart_of_another_helmchart_is_named if {
	{[v.path, v.message] | some v in require_digest.violations} == {[
		"spec.chartRef",
		"HelmChart apps/podinfo: a chart of a HelmRepository has no place for a digest",
	]} with input as {"sources": [{
		"form": "helm-chart", "path": "spec.chartRef", "ref": {},
		"origin": {"kind": "HelmChart", "namespace": "apps", "name": "podinfo"},
	}]}
}

test_what_names_no_artifact_is_not_judged if {
	every form in ["helm-repository", "other", "missing", "untraceable"] {
		require_digest.violations == set() with input as {"sources": [{"form": form, "path": "spec", "ref": {}}]}
	}
}

messages(ref) := {v.message | some v in judge({"ref": ref})}

judge(source) := violations if {
	violations := require_digest.violations with input as {"sources": [
		object.union({"form": "oci-repository", "path": "spec"}, source),
	]}
}
