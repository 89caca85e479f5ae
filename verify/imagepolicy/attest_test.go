package imagepolicy_test

import (
	"testing"

	"github.com/fluxgate/fluxgate/verify"
)

const (
	cosignSigns = "https://sigstore.dev/cosign/sign/v1"
	scanned     = "https://acme.example/scanned/v1"
)

// attested asks the key for an attestation; policy is YAML that stands in it, or empty.
func attested(policy string) string {
	if policy != "" {
		policy = ", policy: " + policy
	}
	return "  authorities: [{key: {data: {{.Key.PEM}}}, attestations: [{name: scan, predicateType: \"" + scanned + "\"" + policy + "}]}]\n"
}

const (
	cue  = `{type: cue, data: "predicate: critical: 0"}`
	rego = `{type: rego, data: "package sigstore\nisCompliant { input.predicate.critical == 0 }\n"}`
	// regoResult gives results with texts, as cosign's documentation has it.
	regoResult = `{type: rego, data: "package sigstore\nisCompliant[r] { r := {\"result\": input.predicate.critical == 0, \"error\": \"found some\", \"warning\": \"\"} }\n"}`
	regoWarns  = `{type: rego, data: "package sigstore\nisCompliant[r] { r := {\"result\": true, \"warning\": \"well\"} }\n"}`
	// regoPanics gives texts where the library takes objects for granted.
	regoPanics = `{type: rego, data: "package sigstore\nisCompliant[r] { r := \"yes\" }\n"}`
)

func TestVerdictsOfAttestations(t *testing.T) {
	clean := func(w *world) { w.attest(w.Key, scanned, `{"critical": 0}`) }
	flawed := func(w *world) { w.attest(w.Key, scanned, `{"critical": 3}`) }
	refuses := refused(verify.ReasonImagePolicy, "authority authority-0: an attestation is not as its policy wants it (scan): mend what it says, and attest it anew")
	none := refused(verify.ReasonWrongKey, "authority authority-0: there is no attestation of this digest by the key {{.Key.Fingerprint}}: attest it with that key")
	for sentence, test := range map[string]verdictTest{
		"there":                      {stored: clean, spec: attested(""), want: admitted(key)},
		"not there":                  {spec: attested(""), want: none},
		"a signature is none":        {stored: byKey, spec: attested(""), want: none},
		"by another key":             {stored: func(w *world) { w.attest(w.Eve, scanned, "{}") }, spec: attested(""), want: none},
		"as the CUE policy wants it": {stored: clean, spec: attested(cue), want: admitted(key)},
		"without what the CUE policy constrains, which demands nothing": {
			stored: func(w *world) { w.attest(w.Key, scanned, "{}") }, spec: attested(cue), want: admitted(key)},
		"without what the Rego policy demands": {
			stored: func(w *world) { w.attest(w.Key, scanned, "{}") }, spec: attested(rego), want: refuses},
		"not as the CUE policy wants it":  {stored: flawed, spec: attested(cue), want: refuses},
		"as the Rego policy wants it":     {stored: clean, spec: attested(rego), want: admitted(key)},
		"not as the Rego policy wants it": {stored: flawed, spec: attested(rego), want: refuses},
		"as a Rego policy with results wants it": {
			stored: clean, spec: attested(regoResult), want: admitted(key)},
		"not as a Rego policy with results wants it": {stored: flawed, spec: attested(regoResult), want: refuses},
		"a warning of a Rego policy refuses, as policy-controller has it": {
			stored: clean, spec: attested(regoWarns),
			want: refused(verify.ReasonImagePolicy, "authority authority-0: its attestations are not all there, of the type that it asks for, "+
				"or its policy warns of one (scan): attest what is missing")},
		"one of two is as the policy wants it": {
			stored: func(w *world) { flawed(w); clean(w) }, spec: attested(cue), want: admitted(key)},
		"of another type": {
			stored: func(w *world) { w.attest(w.Key, "https://acme.example/built/v1", "{}") }, spec: attested(""),
			want: refused(verify.ReasonImagePolicy, "authority authority-0: its attestations are not all there, of the type that it asks for, "+
				"or its policy warns of one (scan): attest what is missing")},
		"in a bundle, by an identity, of whom the library tells nothing": {
			stored: func(w *world) { w.bundleKeyless(subject, scanned, `{"critical": 0}`) },
			spec: "  authorities: [{signatureFormat: bundle, keyless: {insecureIgnoreSCT: true, identities: [{issuer: \"" + issuer + "\", subject: " + subject + "}]}, " +
				"attestations: [{name: scan, predicateType: \"" + scanned + "\", policy: " + cue + "}]}]\n",
			want: admitted()},
		"in a bundle as cosign 3 signs, by another identity": {
			stored: func(w *world) { w.bundleKeyless("eve@acme.example", cosignSigns, "{}") },
			spec: "  authorities: [{signatureFormat: bundle, keyless: {insecureIgnoreSCT: true, identities: [{issuer: \"" + issuer + "\", subject: " + subject + "}]}, " +
				"attestations: [{name: signed, predicateType: \"" + cosignSigns + "\"}]}]\n",
			want: refused(verify.ReasonWrongIdentity, "authority authority-0: there is no attestation of this digest by an identity that it names, "+
				"certified by the trusted root, with its entry in a log of the trusted root: have one of them attest it")},
	} {
		t.Run(sentence, test.run)
	}
}

func TestVerdictsOfPoliciesOverAuthorities(t *testing.T) {
	both := func(w *world) { w.sign(w.Eve); w.sign(w.Key) }
	const (
		// bothByCUE is in the form of policy-controller's own example (cip-requires-two-signatures-and-two-attestations).
		bothByCUE = eitherKey + "  policy:\n    type: cue\n    data: |\n      import \"list\"\n      authorityMatches: {\n" +
			"        acme: signatures: list.MaxItems(1) & list.MinItems(1)\n        eve: signatures: list.MaxItems(1) & list.MinItems(1)\n      }\n"
		bothByRego = eitherKey + "  policy: {type: rego, data: \"package sigstore\\nisCompliant { input.authorityMatches.acme; input.authorityMatches.eve }\\n\"}\n"
	)
	for sentence, test := range map[string]verdictTest{
		"both are asked for, and both signed (Rego)": {stored: both, spec: bothByRego, want: admitted(key, eve)},
		"both are asked for, and one signed (Rego)": {
			stored: byKey, spec: bothByRego,
			want: refused(verify.ReasonImagePolicy, "its rego policy over the authorities refuses (those that passed: acme): have the others sign it too, or mend the policy")},
		"both are asked for, and both signed (CUE)": {stored: both, spec: bothByCUE, want: admitted(key, eve)},
		"both are asked for, and one signed (CUE), where Fluxgate is stricter": {
			stored: byKey, spec: bothByCUE, laxer: true,
			want: refused(verify.ReasonImagePolicy, "its cue policy over the authorities refuses (those that passed: acme): have the others sign it too, or mend the policy")},
		"one is optional to a CUE policy": {
			stored: byKey, spec: eitherKey + "  policy: {type: cue, data: \"authorityMatches: {acme: signatures: [...], eve?: signatures: [...]}\"}\n", want: admitted(key)},
		"none signed, so the policy is not asked": {
			spec: bothByRego, want: refused(verify.ReasonUnsigned, "authority acme: "+unsigned+"; authority eve: "+unsigned)},
		"a warning refuses, as policy-controller has it": {
			stored: byKey, spec: keyed + "  policy: " + regoWarns + "\n",
			want: refused(verify.ReasonImagePolicy, "its rego policy over the authorities refuses (those that passed: authority-0): have the others sign it too, or mend the policy")},
	} {
		t.Run(sentence, test.run)
	}
}
