package policytest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// demanding asks for a signature by the block, and for one by a key or an identity.
	demanding = `
apiVersion: fluxgate.dev/v1alpha1
kind: SourcePolicy
metadata: {name: p}
spec:
  rules: [{rule: signature-verified}]
  signatures:
    - name: ours
      keys: ["-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3Sdud9ykuZG+arWPjbO9W3o7TFsv\nlc3hPDgRPmbNEnjpJ1u/FGnSpdyZBQ8iA172tinURhwQAxoj5AVR5zJeGg==\n-----END PUBLIC KEY-----\n"]
      identities: [{issuer: "https://token.example.com", subjectRegExp: "https://example.com/acme/.*"}]
`
	ourKey      = "sha256:b41318ed454e1d572296630b4da665d1e728e8d6a1cb3ac193aa47864cbac1d1"
	blockFlaw   = "{policy: p, rule: signature-verified, action: Deny, path: spec.verify}"
	demandUnmet = "{policy: p, rule: signatures, action: Deny, path: spec.ref.digest, message: demand ours}"
)

// TestFactsOfSignatures: who signed it is compared with the demands, and taken for what the verify block accepts.
func TestFactsOfSignatures(t *testing.T) {
	signedBy := func(facts, verdict, violations string) string {
		return "- name: it\n  object: " + ociOf("app", "ref: {digest: '"+one+"'}, verify: {provider: cosign, secretRef: {name: keys}}") +
			"\n  facts: {signatures: {" + facts + "}}\n  expect: {verdict: " + verdict + ", violations: [" + violations + "]}\n"
	}
	artifact := "'ghcr.io/acme/app@" + one + "': "
	const untold = "the signatures of the artifact could not be verified: ghcr.io/acme/app@" + one
	both := func(why string) []string {
		return []string{"[p] spec: " + untold + why, "[p] spec: demand ours: " + untold + why}
	}
	for sentence, c := range map[string]struct {
		table     string
		notJudged []string
	}{
		"the key of the demand":                    {table: signedBy(artifact+"{keys: ['"+ourKey+"']}", "allow", "")},
		"another key":                              {table: signedBy(artifact+"{keys: ['"+other+"']}", "deny", demandUnmet)},
		"both":                                     {table: signedBy(artifact+"{keys: ['"+other+"', '"+ourKey+"']}", "allow", "")},
		"an identity of the demand":                {table: signedBy(artifact+"{identities: [{issuer: 'https://token.example.com', subject: 'https://example.com/acme/app'}]}", "allow", "")},
		"an identity that only begins like it":     {table: signedBy(artifact+"{identities: [{issuer: 'https://token.example.com.evil', subject: 'https://example.com/acme/app'}]}", "deny", demandUnmet)},
		"an identity that has it inside":           {table: signedBy(artifact+"{identities: [{issuer: 'https://token.example.com', subject: 'x https://example.com/acme/app'}]}", "deny", demandUnmet)},
		"nobody":                                   {table: signedBy(artifact+"{reason: unsigned}", "deny", blockFlaw+", "+demandUnmet)},
		"the key of the demand, not of the block":  {table: signedBy(artifact+"{reason: wrong-key, keys: ['"+ourKey+"']}", "deny", blockFlaw)},
		"a registry that is down is no verdict":    {signedBy(artifact+"{reason: unreachable}", "error", ""), both(": unreachable: so say the facts of the test")},
		"another artifact's, and so nothing of it": {signedBy("'ghcr.io/acme/app@"+other+"': {keys: ['"+ourKey+"']}", "allow", ""), both(": offline: facts.signatures does not list it")},
	} {
		t.Run(sentence, func(t *testing.T) {
			report, err := runFiles(t, files{"policy.yaml": demanding, "cases.yaml": tableOf("", c.table)}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := []Test{{Name: "it", File: "cases.yaml", Line: 5, Kind: Case, Result: Pass, NotJudged: c.notJudged}}
			if diff := cmp.Diff(want, report.Tests); diff != "" || len(report.Unreadable) > 0 {
				t.Errorf("tests (-want +got):\n%s\nunreadable: %v", diff, report.Unreadable)
			}
		})
	}
}

// TestFactsOfSignaturesThatCannotBe: a slip must not look like an artifact that nobody signed.
func TestFactsOfSignaturesThatCannotBe(t *testing.T) {
	table := tableOf("", "- name: it\n  object: "+ociOf("app", "ref: {tag: v1}")+"\n  expect: {verdict: allow}\n  facts: {signatures: {"+
		"'ghcr.io/acme/app:v1': {reason: unsigned}, 'ghcr.io/acme/app@"+one+"': {}, 'ghcr.io/acme/b@"+one+"': {reason: unsinged}, "+
		"'ghcr.io/acme/c@"+one+"': {keys: [cosign.pub], identities: [{issuer: a}]}}}\n")
	report, err := runFiles(t, files{"policy.yaml": demanding, "cases.yaml": table}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const head = `cases.yaml: document 1: line 5: cases[0].facts.signatures["ghcr.io/acme/`
	want := []string{
		head + `app:v1"]: names no artifact: write repository@digest, as in ghcr.io/acme/app@sha256:<64 hexadecimal digits>`,
		head + `app@` + one + `"]: says neither who signed it (keys, identities) nor a reason`,
		head + `b@` + one + `"]: "unsinged" is no reason: write one of docs/signatures.md, as unsigned or wrong-key, or the class of an error: ` +
			`unreachable, timeout, unauthorized, not-found, rate-limited, malformed-answer, address-refused, credentials, cloud-identity, no-version, offline`,
		head + `c@` + one + `"]: "cosign.pub" is no fingerprint: write sha256: and 64 hexadecimal digits`,
		head + `c@` + one + `"]: an identity has an issuer and a subject`,
	}
	var got []string
	for _, wrong := range report.Unreadable {
		got = append(got, wrong.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unreadable (-want +got):\n%s", diff)
	}
}
