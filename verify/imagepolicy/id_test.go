package imagepolicy_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/verify/imagepolicy"
)

const everything = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: release, resourceVersion: "1", uid: a}
spec:
  mode: enforce
  images: [{glob: "ghcr.io/**"}]
  match: [{group: g, version: v1, resource: r, selector: {matchLabels: {team: a}}}]
  authorities:
  - name: acme
    key: {hashAlgorithm: sha256, data: "` + public + `"}
    ctlog: {url: "https://rekor.example"}
    source: [{tagPrefix: p}]
    attestations: [{name: scan, predicateType: "https://scan.example", policy: {type: cue, data: "a: 1"}}]
  - name: actions
    signatureFormat: bundle
    keyless: {url: "https://fulcio.example", insecureIgnoreSCT: true, identities: [{issuer: "https://issuer.example", subject: s}]}
  - name: nobody
    static: {action: fail, message: m}
  policy: {type: cue, data: "b: 1"}
`

func id(t *testing.T, document string) string {
	t.Helper()
	policy, err := imagepolicy.Parse(t.Context(), []byte(document), nil)
	if err != nil {
		t.Fatal(err)
	}
	return policy.ID()
}

func TestEverythingThatDecidesIsInTheID(t *testing.T) {
	seen := map[string]string{id(t, everything): "as it was"}
	for sentence, change := range map[string][2]string{
		"name":             {"{name: release,", "{name: other,"},
		"mode":             {"enforce", "warn"},
		"glob":             {"ghcr.io/**", "quay.io/**"},
		"match":            {"resource: r", "resource: other"},
		"labels":           {"team: a", "team: b"},
		"authority":        {"name: acme", "name: other"},
		"key":              {public, strings.ReplaceAll("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", "\n", `\n`)},
		"hash":             {"sha256", "sha512"},
		"log":              {"rekor.example", "log.example"},
		"prefix":           {"tagPrefix: p", "tagPrefix: q"},
		"attestation":      {"name: scan", "name: other"},
		"type":             {"scan.example", "other.example"},
		"policy of it":     {"a: 1", "a: 2"},
		"format":           {"signatureFormat: bundle", "signatureFormat: legacy"},
		"SCT":              {"insecureIgnoreSCT: true", "insecureIgnoreSCT: false"},
		"issuer":           {"issuer.example", "other.example"},
		"subject":          {"subject: s", "subject: t"},
		"static":           {"action: fail", "action: pass"},
		"message":          {"message: m", "message: other"},
		"policy over them": {"b: 1", "b: 2"},
	} {
		changed := strings.Replace(everything, change[0], change[1], 1)
		if changed == everything {
			t.Fatalf("%s: nothing was changed", sentence)
		}
		got := id(t, changed)
		if other, twice := seen[got]; twice {
			t.Errorf("%s has the ID of %s", sentence, other)
		}
		seen[got] = sentence
	}
}

func TestWhatDecidesNothingIsNotInTheID(t *testing.T) {
	want := id(t, everything)
	asJSON, err := yaml.YAMLToJSON([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	for sentence, document := range map[string]string{
		"the version of the API":   strings.Replace(everything, "v1beta1", "v1alpha1", 1),
		"what the API server adds": strings.Replace(everything, `resourceVersion: "1", uid: a`, `resourceVersion: "2", uid: b, labels: {a: b}`, 1),
		"the status":               everything + "status: {observedGeneration: 3}\n",
		"the default":              strings.Replace(everything, "  mode: enforce\n", "", 1),
		"JSON":                     string(asJSON),
	} {
		if got := id(t, document); got != want {
			t.Errorf("%s changes the ID", sentence)
		}
	}
}
