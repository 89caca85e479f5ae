package notation_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"maps"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/notation"
)

var update = flag.Bool("update", false, "write the golden files")

// statement is one that would do, with changes.
func statement(changes map[string]any) map[string]any {
	made := map[string]any{
		"name": "acme", "registryScopes": []string{repository}, "signatureVerification": map[string]any{"level": "strict"},
		"trustStores": []string{"ca:acme"}, "trustedIdentities": []string{"x509.subject: C=US, ST=WA, O=Acme"},
	}
	for field, value := range changes {
		if made[field] = value; value == nil {
			delete(made, field)
		}
	}
	return made
}

func policy(t testing.TB, statements ...map[string]any) []byte {
	t.Helper()
	content, err := json.Marshal(map[string]any{"version": "1.0", "trustPolicies": statements})
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func level(level string, override map[string]string) map[string]any {
	made := map[string]any{"level": level}
	if override != nil {
		made["override"] = override
	}
	return statement(map[string]any{"signatureVerification": made})
}

// refusals are Secrets, by a plain sentence, of which none verifies anything.
func refusals(t *testing.T) map[string]verify.Notation {
	authority := signing.NewNotationAuthority(t, "Acme")
	secrets := map[string]verify.Notation{}
	for sentence, content := range policies(t) {
		secrets[sentence] = material(content, authority)
	}
	good := policy(t, statement(nil))
	for sentence, certificates := range map[string]map[string][]byte{
		"no certificate":             nil,
		"a certificate that is none": {"a.crt": []byte("none")},
		"a key":                      {"a.crt": authority.PEM(), "b.pem": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")},
		"an empty certificate":       {"a.crt": {}},
		"65 certificates":            many(authority, 65),
	} {
		secrets[sentence] = verify.Notation{TrustPolicy: good, Certificates: certificates}
	}
	return secrets
}

func many(authority *signing.NotationAuthority, n int) map[string][]byte {
	made := map[string][]byte{}
	for i := range n {
		made[strings.Repeat("a", i+1)+".crt"] = authority.PEM()
	}
	return made
}

func policies(t *testing.T) map[string][]byte {
	changed := func(field string, value any) []byte { return policy(t, statement(map[string]any{field: value})) }
	skip := map[string]any{"signatureVerification": map[string]any{"level": "skip"}}
	return map[string][]byte{
		"skip":                                policy(t, statement(skip)),
		"skip, second of two":                 policy(t, statement(map[string]any{"name": "other", "registryScopes": []string{"ghcr.io/other/app"}}), statement(skip)),
		"audit":                               policy(t, level("audit", nil)),
		"permissive":                          policy(t, level("permissive", nil)),
		"audit with some of it enforced":      policy(t, level("audit", map[string]string{"authenticity": "enforce"})),
		"permissive with half of it enforced": policy(t, level("permissive", map[string]string{"authenticTimestamp": "enforce"})),
		"authenticity overridden":             policy(t, level("strict", map[string]string{"authenticity": "log"})),
		"expiry overridden":                   policy(t, level("strict", map[string]string{"expiry": "log"})),
		"the timestamp overridden":            policy(t, level("strict", map[string]string{"authenticTimestamp": "log"})),
		"two levels of laxness":               policy(t, level("audit", map[string]string{"expiry": "log", "authenticTimestamp": "enforce"})),
		"anybody's identity":                  changed("trustedIdentities", []string{"*"}),
		"anybody's identity, and audit":       policy(t, statement(map[string]any{"trustedIdentities": []string{"*"}, "signatureVerification": map[string]any{"level": "audit"}})),
		"the wildcard statement is weak":      policy(t, statement(map[string]any{"registryScopes": []string{"*"}, "signatureVerification": map[string]any{"level": "audit"}})),

		"another repository":       changed("registryScopes", []string{"ghcr.io/acme/other"}),
		"only a prefix":            changed("registryScopes", []string{"ghcr.io/acme/ap", "ghcr.io/acme"}),
		"only tsa stores":          changed("trustStores", []string{"tsa:acme"}),
		"only plugins' identities": changed("trustedIdentities", []string{"acme.team: builders"}),

		"no trust policy":           nil,
		"an empty trust policy":     {},
		"text":                      []byte("strict"),
		"null":                      []byte("null"),
		"a list":                    []byte("[]"),
		"a level that is a number":  []byte(`{"version":"1.0","trustPolicies":[{"signatureVerification":{"level":1}}]}`),
		"a trust policy of 65 KiB":  []byte(strings.Repeat(" ", 65<<10)),
		"an unknown version":        []byte(`{"version":"2.0","trustPolicies":[]}`),
		"no version":                []byte(`{"trustPolicies":[]}`),
		"no statement":              policy(t),
		"no name":                   changed("name", nil),
		"no scope":                  changed("registryScopes", nil),
		"a pattern as scope":        changed("registryScopes", []string{"ghcr.io/acme/*"}),
		"the wildcard and another":  changed("registryScopes", []string{"*", repository}),
		"a scope with a tag":        changed("registryScopes", []string{repository + ":v1"}),
		"no level":                  changed("signatureVerification", nil),
		"an unknown level":          policy(t, level("paranoid", nil)),
		"an unknown override":       policy(t, level("strict", map[string]string{"secrecy": "enforce"})),
		"an override to skip":       policy(t, level("strict", map[string]string{"authenticity": "skip"})),
		"integrity overridden":      policy(t, level("strict", map[string]string{"integrity": "log"})),
		"skip with an override":     policy(t, level("skip", map[string]string{"expiry": "enforce"})),
		"a time of its own":         changed("signatureVerification", map[string]any{"level": "strict", "verifyTimestamp": "never"}),
		"no trust store":            changed("trustStores", nil),
		"an unknown trust store":    changed("trustStores", []string{"pgp:acme"}),
		"a trust store that climbs": changed("trustStores", []string{"ca:../../etc"}),
		"no identity":               changed("trustedIdentities", nil),
		"an identity without state": changed("trustedIdentities", []string{"x509.subject: C=US, O=Acme"}),
		"an identity within another": changed("trustedIdentities", []string{
			"x509.subject: C=US, ST=WA, O=Acme", "x509.subject: C=US, ST=WA, O=Acme, CN=builder"}),
		"the wildcard beside an identity":  changed("trustedIdentities", []string{"*", "x509.subject: C=US, ST=WA, O=Acme"}),
		"two of one name":                  policy(t, statement(nil), statement(map[string]any{"registryScopes": []string{"ghcr.io/acme/other"}})),
		"two that skip one repository":     policy(t, statement(skip), statement(map[string]any{"name": "other", "signatureVerification": map[string]any{"level": "skip"}})),
		"two for one repository":           policy(t, statement(nil), statement(map[string]any{"name": "other"})),
		"more identities than anybody has": changed("trustedIdentities", slices.Repeat([]string{"x509.subject: C=US, ST=WA, O=Acme"}, 257)),
		"more scopes than anybody has":     changed("registryScopes", slices.Repeat([]string{repository}, 1025)),
	}
}

// TestSecretsThatVerifyNothing: what users read of each, before anything is sent.
func TestSecretsThatVerifyNothing(t *testing.T) {
	var text strings.Builder
	secrets := refusals(t)
	for _, sentence := range slices.Sorted(maps.Keys(secrets)) {
		verifier := notation.Compile(secrets[sentence], notation.Options{})
		refusal, refused := verifier.Refusal(name.MustParseReference("ghcr.io/acme/app:v1").Context())
		if !refused || refusal.Verified {
			t.Errorf("%s: not refused: %+v", sentence, refusal)
		}
		got, err := verifier.Verify(t.Context(), silent{t, repository}, "sha256:"+strings.Repeat("a", 64))
		if err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
		compare(t, refusal, got)
		text.WriteString(sentence + "\n  " + string(refusal.Reason) + ": it " + refusal.Message + "\n")
	}
	golden(t, "refusals.golden", text.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestRegistryScopesAreComparedAsFluxDoes: with the name that go-containerregistry gives a repository.
func TestRegistryScopesAreComparedAsFluxDoes(t *testing.T) {
	authority := signing.NewNotationAuthority(t, "Acme")
	none := func(message string) verify.Signature { return verify.Unverified(verify.ReasonNoMatch, message) }
	for sentence, test := range map[string]struct {
		scope, repository string
		want              verify.Signature
	}{
		"the repository itself":        {scope: "ghcr.io/acme/app", repository: "ghcr.io/acme/app"},
		"any":                          {scope: "*", repository: "ghcr.io/acme/app"},
		"with a port":                  {scope: "ghcr.io:5000/acme/app", repository: "ghcr.io:5000/acme/app"},
		"Docker Hub under Flux's name": {scope: "index.docker.io/acme/app", repository: "acme/app"},
		"Docker Hub's own images":      {scope: "index.docker.io/library/nginx", repository: "nginx"},
		"Docker Hub under another name": {scope: "docker.io/acme/app", repository: "docker.io/acme/app", want: none(
			`has no trust policy: no registryScopes in the trustpolicy.json of its verify block name "index.docker.io/acme/app"; add it to those of a statement, as Flux names Docker Hub`)},
		"another host": {scope: "ghcr.io/acme/app", repository: "ghcr.io:443/acme/app", want: none(
			`has no trust policy: no registryScopes in the trustpolicy.json of its verify block name "ghcr.io:443/acme/app"; add it to those of a statement`)},
		"a name that no scope can have": {scope: "*", repository: "ghcr.io/acme/app_-x", want: none(
			`cannot be verified: no trust policy can name the repository "ghcr.io/acme/app_-x"; give the repository a name of lower-case letters, digits and single separators`)},
	} {
		t.Run(sentence, func(t *testing.T) {
			parsed, err := name.NewRepository(test.repository)
			if err != nil {
				t.Fatal(err)
			}
			content := policy(t, statement(map[string]any{"registryScopes": []string{test.scope}}))
			got, refused := notation.Compile(material(content, authority), notation.Options{}).Refusal(parsed)
			compare(t, test.want, got)
			if refused != (test.want.Reason != "") {
				t.Errorf("refused: %t", refused)
			}
		})
	}
}

// TestTheMostSpecificStatementCounts: a weak one for others, or for the rest, is no matter.
func TestTheMostSpecificStatementCounts(t *testing.T) {
	weak := func(name, scope string) map[string]any {
		return statement(map[string]any{
			"name": name, "registryScopes": []string{scope}, "signatureVerification": map[string]any{"level": "skip"}})
	}
	content := policy(t, weak("rest", "*"), statement(nil), weak("other", "ghcr.io/acme/other"))
	verifier := notation.Compile(material(content, signing.NewNotationAuthority(t, "Acme")), notation.Options{})
	for repository, want := range map[string]verify.Reason{
		"ghcr.io/acme/app": "", "ghcr.io/acme/other": verify.ReasonWeakTrustPolicy, "ghcr.io/acme/third": verify.ReasonWeakTrustPolicy,
	} {
		parsed, err := name.NewRepository(repository)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := verifier.Refusal(parsed); got.Reason != want {
			t.Errorf("%s: got %q, want %q", repository, got.Reason, want)
		}
	}
}
