package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listedKey is the key that paramsOf trusts; reviewOf has another beside it.
const listedKey = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// trustWays are what a tenant writes to be trusted himself.
func trustWays() map[string]way {
	app := func(verify string) string {
		return ociHead + "{url: 'oci://ghcr.io/acme/app', verify: {" + verify + "}}}"
	}
	keyless := func(issuer, subject string) string {
		return app("provider: cosign, matchOIDCIdentity: [{issuer: '" + issuer + "', subject: '" + subject + "'}]")
	}
	untrusted := func(issuer, subject string) string {
		return `the policy does not trust {issuer: "` + issuer + `", subject: "` + subject + `"}`
	}
	const (
		listed  = `{issuer: "^https://i$", subject: '^me@acme\.com$'}`
		twoKeys = `Secret "keys" holds keys that the policy does not trust: sha256:bb under "b.pub"`
		nobody  = "it trusts anybody, as it names neither a key nor an identity"
		ownRoot = "trustedRootSecretRef brings an authority of the object's own, which can vouch for anybody"
	)
	return map[string]way{
		"anybody of the right issuer": {
			"verify-identity", keyless("^https://i$", ".*"), "", "spec.verify", untrusted("^https://i$", ".*")},
		"the same without its end, which matches more": {
			"verify-identity", keyless("^https://i$", `^me@acme\.com`), "", "spec.verify", untrusted("^https://i$", `^me@acme\\.com`)},
		"the same with an alternative": {
			"verify-identity", keyless("^https://i$", `^me@acme\.com$|`), "", "spec.verify", untrusted("^https://i$", `^me@acme\\.com$|`)},
		"the same with a blank, which a reader does not see": {
			"verify-identity", keyless("^https://i$ ", `^me@acme\.com$`), "", "spec.verify", untrusted("^https://i$ ", `^me@acme\\.com$`)},
		"a letter of another script": {
			"verify-identity", keyless("^https://і$", `^me@acme\.com$`), "", "spec.verify", untrusted("^https://і$", `^me@acme\\.com$`)},
		"no issuer": {
			"verify-identity", keyless("", `^me@acme\.com$`), "", "spec.verify", untrusted("", `^me@acme\\.com$`)},
		"another beside a listed one": {
			"verify-identity", app("matchOIDCIdentity: [" + listed + ", {issuer: 'https://i', subject: you}]"), "",
			"spec.verify", untrusted("https://i", "you")},
		"an identity of null": {
			"verify-identity", app("matchOIDCIdentity: [{issuer: null, subject: null}]"), "", "spec.verify", untrusted("", "")},
		"no list of identities": {"verify-identity", app("provider: cosign"), "", "spec.verify", nobody},
		"an empty one":          {"verify-identity", app("provider: cosign, matchOIDCIdentity: []"), "", "spec.verify", nobody},
		"identities of notation, which reads none": {
			"verify-identity", app("provider: notation, matchOIDCIdentity: [" + listed + "]"), "", "spec.verify", nobody},
		"a provider of another case": {
			"verify-identity", app("provider: Cosign, secretRef: {name: keys}"), "", "spec.verify", `provider "Cosign" verifies nothing`},
		"a key of his own beside a listed one": {"verify-identity", app("secretRef: {name: keys}"), "", "spec.verify", twoKeys},
		"the same by notation": {
			"verify-identity", app("provider: notation, secretRef: {name: keys}"), "", "spec.verify", twoKeys},
		"a key of his own beside a listed identity": {
			"verify-identity", app("secretRef: {name: keys}, matchOIDCIdentity: [" + listed + "]"), "", "spec.verify", twoKeys},
		"a trusted root of his own": {
			"verify-identity", app("trustedRootSecretRef: {name: root}, matchOIDCIdentity: [" + listed + "]"), "", "spec.verify", ownRoot},
		"the same of an inline source": {
			"verify-identity", relHead + "{chart: {kind: OCIRepository, spec: {url: 'oci://ghcr.io/acme/app', " +
				"verify: {trustedRootSecretRef: {name: root}, matchOIDCIdentity: [" + listed + "]}}}}}", "",
			"spec.chart.spec.verify", ownRoot},
		"a Secret beside a HelmRepository of another namespace": {
			"verify-identity", relHead + "{chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: charts, namespace: infra}, " +
				"verify: {provider: cosign, secretRef: {name: keys}}}}}}", helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.chart.spec.verify", "the policy does not trust the Secret that it names, in the namespace of the HelmRepository"},
		"a HelmChart by hand in another namespace": {
			"verify-identity", foreignChartRef, infraChart + "\n---\n" + helmHead + "{type: oci, url: 'oci://ghcr.io/secret'}}",
			"spec.chartRef", "HelmChart infra/chart breaks verify-identity: only those whom the policy trusts vouch for what is pulled"},
	}
}

// TestKeysOfAForeignSecretAreNotRevealed: neither how many there are, nor their names, nor whether there is a Secret.
func TestKeysOfAForeignSecretAreNotRevealed(t *testing.T) {
	p := mustParse(t, head+"  rules:\n  - {rule: verify-identity"+paramsOf("verify-identity")+"}\n")
	const foreign = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: OCIRepository, metadata: {name: app, namespace: infra}, spec: " +
		"{url: 'oci://ghcr.io/acme/app', verify: {secretRef: {name: hush}, trustedRootSecretRef: {name: hush}, matchOIDCIdentity: [{issuer: hush}]}}}"
	for sentence, keys := range map[string]*Keys{
		"one key":                            {Entries: []Key{{Entry: "hush.pub", Fingerprint: "sha256:hush"}}},
		"several keys":                       {Entries: []Key{{Entry: "hush.pub", Fingerprint: "sha256:hush"}, {Entry: "b.pub", Fingerprint: "sha256:hush"}}},
		"no Secret":                          {Problem: "hush"},
		"only a listed key, but other flaws": {Entries: []Key{{Entry: "hush.pub", Fingerprint: listedKey}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			review := reviewOf(t, kustomHead+"{sourceRef: {kind: OCIRepository, name: app, namespace: infra}}}", foreign)
			review.Sources[0].Keys = keys
			want := []Violation{{
				Policy: "p", Rule: "verify-identity", Action: Deny, Path: "spec.sourceRef",
				Message:     "OCIRepository infra/app breaks verify-identity: only those whom the policy trusts vouch for what is pulled",
				Remediation: "ask those who own it to change it, or refer to another source",
			}}
			got := judged(t, p, review)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error("(-want +got):\n", diff)
			}
			if text := got[0].String(); strings.Contains(text, "hush") {
				t.Error("it reveals:", text)
			}
		})
	}
}
