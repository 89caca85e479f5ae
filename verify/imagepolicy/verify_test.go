package imagepolicy_test

import (
	"context"
	"crypto"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"

	"github.com/fluxgate/fluxgate/verify"
)

// verdictTest is an artifact, what is stored beside it, and the verdict of a policy. In the texts of the policy and of the
// verdict, {{.Key.PEM}}, {{.Key.Fingerprint}} and the like stand for what the test made.
type verdictTest struct {
	stored  func(w *world)
	spec    string
	want    verify.Signature
	refused bool // by the library as a whole, where the verdict does not show it (mode warn)
	laxer   bool // the library as a whole admits what Fluxgate refuses
}

func (test verdictTest) run(t *testing.T) {
	w := newWorld(t)
	if test.stored != nil {
		test.stored(w)
	}
	policy := w.policy(test.spec)
	got, err := w.verify(policy)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if diff := cmp.Diff(filled(t, test.want, w), got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	result, errs := policy.ValidatePolicy(ctx, w.visit(ctx), w.ref(), w.root)
	if admitted := result != nil; admitted != (got.Verified && !test.refused || test.laxer) {
		t.Errorf("policy-controller's own verdict is %v (%v)", admitted, errs)
	}
}

// filled puts what the test made into the texts of a verdict.
func filled(t *testing.T, verdict verify.Signature, w *world) verify.Signature {
	t.Helper()
	fill := func(text *string) {
		var b strings.Builder
		if err := template.Must(template.New("verdict").Parse(*text)).Execute(&b, w); err != nil {
			t.Fatal(err)
		}
		*text = b.String()
	}
	fill(&verdict.Message)
	for i := range verdict.Signers {
		fill(&verdict.Signers[i].Fingerprint)
	}
	for i := range verdict.Warnings {
		fill(&verdict.Warnings[i])
	}
	return verdict
}

func admitted(signers ...verify.Signer) verify.Signature {
	return verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy, Signers: signers}
}

func refused(reason verify.Reason, clause string) verify.Signature {
	return verify.Unverified(reason, "is refused by ClusterImagePolicy release: "+clause)
}

var (
	key   = verify.Signer{Fingerprint: "{{.Key.Fingerprint}}"}
	eve   = verify.Signer{Fingerprint: "{{.Eve.Fingerprint}}"}
	acme  = verify.Signer{Issuer: issuer, Subject: subject}
	byKey = func(w *world) { w.sign(w.Key) }
)

const (
	unsigned = "there is no signature where policy-controller looks, at the tag sha256-….sig: " +
		"sign it by `cosign sign --new-bundle-format=false --use-signing-config=false`"
	notByKey    = "there is no signature of this digest by the key {{.Key.Fingerprint}}"
	signByKey   = ": sign it with that key"
	keyed       = "  authorities: [{key: {data: {{.Key.PEM}}}}]\n"
	eitherKey   = "  authorities: [{name: acme, key: {data: {{.Key.PEM}}}}, {name: eve, key: {data: {{.Eve.PEM}}}}]\n"
	staticPass  = "is admitted by a static authority of ClusterImagePolicy release, without a signature"
	notIdentity = "there is no signature of this digest by an identity that it names, certified by the trusted root, with its entry in a log of the trusted root: have one of them sign it"
)

func TestVerdictsOfKeys(t *testing.T) {
	for sentence, test := range map[string]verdictTest{
		"signed by the key": {stored: byKey, spec: keyed, want: admitted(key)},
		"not signed":        {spec: keyed, want: refused(verify.ReasonUnsigned, "authority authority-0: "+unsigned)},
		"signed by another key": {
			stored: func(w *world) { w.sign(w.Eve) }, spec: keyed, want: refused(verify.ReasonWrongKey, "authority authority-0: "+notByKey+signByKey)},
		"signed by both": {
			stored: func(w *world) { w.sign(w.Eve); w.sign(w.Key) }, spec: keyed, want: admitted(key)},
		"a signature of another artifact, copied": {
			stored: func(w *world) { w.signPayload(w.Key, w.claim(w.MustPush(w.t, repository, "v2"))) },
			spec:   keyed, want: refused(verify.ReasonWrongKey, "authority authority-0: "+notByKey+signByKey)},
		"signed by the key, beside a certificate that nobody verified": {
			stored: func(w *world) { w.sign(w.Key, static.WithCertChain(w.leafOf("eve@acme.example"), nil)) }, spec: keyed, want: admitted(key)},
		"either of two authorities, and the second signed": {
			stored: func(w *world) { w.sign(w.Eve) }, spec: eitherKey, want: admitted(eve)},
		"either of two authorities, and both signed: one is enough": {
			stored: func(w *world) { w.sign(w.Eve); w.sign(w.Key) }, spec: eitherKey, want: admitted(key)},
		"either of two authorities, and neither signed": {
			spec: eitherKey, want: refused(verify.ReasonUnsigned, "authority acme: "+unsigned+"; authority eve: "+unsigned)},
		"a key with another hash": {
			stored: func(w *world) { w.sign(w.Key.with(w.t, crypto.SHA512)) },
			spec:   "  authorities: [{key: {data: {{.Key.PEM}}, hashAlgorithm: sha512}}]\n", want: admitted(key)},
		"signed with another hash than the policy's": {
			stored: func(w *world) { w.sign(w.Key.with(w.t, crypto.SHA512)) },
			spec:   keyed, want: refused(verify.ReasonWrongKey, "authority authority-0: "+notByKey+signByKey)},
		"signatures under a prefix of their tag": {
			stored: func(w *world) { w.prefix = "release-"; w.sign(w.Key) },
			spec:   "  authorities: [{key: {data: {{.Key.PEM}}}, source: [{tagPrefix: release-}]}]\n", want: admitted(key)},
		"in the log that the policy names": {
			stored: func(w *world) { w.signLogged(w.Key) },
			spec:   "  authorities: [{key: {data: {{.Key.PEM}}}, ctlog: {url: https://rekor.sigstore.dev}}]\n", want: admitted(key)},
		"not in the log that the policy names": {
			stored: byKey,
			spec:   "  authorities: [{key: {data: {{.Key.PEM}}}, ctlog: {url: https://rekor.sigstore.dev}}]\n",
			want: refused(verify.ReasonWrongKey,
				"authority authority-0: "+notByKey+", with its entry in a log of the trusted root"+signByKey)},
		"signed in the form of a bundle, which is not verified by keys": {
			stored: byKey, spec: "  authorities: [{key: {data: {{.Key.PEM}}}, signatureFormat: bundle}]\n",
			want: refused(verify.ReasonImagePolicy, "authority authority-0: policy-controller 0.15.1 verifies no bundle by a key "+
				"(the authority must be keyless): leave signatureFormat out and sign without --new-bundle-format, or demand the key by "+
				"spec.signatures[].keys of a SourcePolicy, which reads bundles")},
	} {
		t.Run(sentence, test.run)
	}
}

func TestVerdictsOfStaticAuthorities(t *testing.T) {
	says := admitted()
	says.Message = staticPass
	for sentence, test := range map[string]verdictTest{
		"a pass is one without a signature, and says so": {spec: "  authorities: [{static: {action: pass}}]\n", want: says},
		"a fail": {
			stored: byKey, spec: "  authorities: [{static: {action: fail}}]\n",
			want: refused(verify.ReasonImagePolicy, "authority authority-0: refuses everything")},
		"a fail with a message": {
			spec: "  authorities: [{static: {action: fail, message: \"use ghcr.io/acme\\n\"}}]\n",
			want: refused(verify.ReasonImagePolicy, `authority authority-0: refuses everything, and says "use ghcr.io/acme\n"`)},
		"a fail beside a key that signed": {
			stored: byKey, spec: "  authorities: [{static: {action: fail}}, {key: {data: {{.Key.PEM}}}}]\n", want: admitted(key)},
		"a fail beside a key that did not": {
			spec: "  authorities: [{static: {action: fail}}, {key: {data: {{.Key.PEM}}}}]\n",
			want: refused(verify.ReasonImagePolicy, "authority authority-0: refuses everything; authority authority-1: "+unsigned)},
		"a pass beside a key that did not sign": {
			spec: "  authorities: [{key: {data: {{.Key.PEM}}}}, {static: {action: pass}}]\n", want: says},
	} {
		t.Run(sentence, test.run)
	}
}

func TestVerdictsOfIdentities(t *testing.T) {
	const spec = "  authorities: [{keyless: {url: https://fulcio.sigstore.dev, insecureIgnoreSCT: true, identities: [{issuer: \"" + issuer + "\", subject: " + subject + "}]}}]\n"
	wrong := refused(verify.ReasonWrongIdentity, "authority authority-0: "+notIdentity)
	signed := func(w *world) { w.signKeyless(w.VirtualSigstore, subject, issuer, true) }
	for sentence, test := range map[string]verdictTest{
		"signed by the identity": {stored: signed, spec: spec, want: admitted(acme)},
		"not signed":             {spec: spec, want: refused(verify.ReasonUnsigned, "authority authority-0: "+unsigned)},
		"signed by another subject": {
			stored: func(w *world) { w.signKeyless(w.VirtualSigstore, "eve@acme.example", issuer, true) }, spec: spec, want: wrong},
		"signed by another issuer's": {
			stored: func(w *world) { w.signKeyless(w.VirtualSigstore, subject, "https://eve.example", true) }, spec: spec, want: wrong},
		"not in the log": {
			stored: func(w *world) { w.signKeyless(w.VirtualSigstore, subject, issuer, false) }, spec: spec, want: wrong},
		"certified by an authority that is not trusted": {
			stored: func(w *world) {
				other, err := ca.NewVirtualSigstore()
				if err != nil {
					w.t.Fatal(err)
				}
				w.signKeyless(other, subject, issuer, true)
			},
			spec: spec, want: wrong},
		"a certificate that no log of certificates saw": {
			stored: signed, spec: strings.ReplaceAll(spec, "insecureIgnoreSCT: true, ", ""), want: wrong},
		"an authority and a log of other names, which are not asked": {
			stored: signed, want: admitted(acme),
			spec: strings.NewReplacer("fulcio.sigstore.dev", "fulcio.acme.example", "}]}}]", "}]}, ctlog: {url: https://rekor.acme.example}}]").Replace(spec)},
		"no authority named, which is the public one": {
			stored: signed, spec: strings.ReplaceAll(spec, "url: https://fulcio.sigstore.dev, ", ""), want: admitted(acme)},
		"one of several identities": {
			stored: signed, want: admitted(acme),
			spec: strings.ReplaceAll(spec, "identities: [", "identities: [{issuer: https://accounts.example, subject: eve@acme.example}, ")},
		"an identity by regular expressions": {
			stored: signed, want: admitted(acme),
			spec: "  authorities: [{keyless: {insecureIgnoreSCT: true, identities: [{issuerRegExp: \"^https://token[.].*$\", subjectRegExp: \".*@acme[.]example$\"}]}}]\n"},
		"a key or an identity, which signed": {
			stored: signed, spec: "  authorities:\n  - {key: {data: {{.Key.PEM}}}}\n" + strings.NewReplacer("  authorities: [", "  - ", "}}]\n", "}}\n").Replace(spec),
			want: admitted(acme)},
		"a bundle as a signature, which policy-controller does not read": {
			stored: func(w *world) { w.bundleKeyless(subject, cosignSigns, "{}") },
			spec:   strings.ReplaceAll(spec, "[{keyless", "[{signatureFormat: bundle, keyless"),
			want: refused(verify.ReasonImagePolicy, "authority authority-0: policy-controller 0.15.1 reads bundles as attestations only: add "+
				"attestations with predicateType https://sigstore.dev/cosign/sign/v1, which is what `cosign sign` writes, or leave signatureFormat out")},
	} {
		t.Run(sentence, test.run)
	}
}

func TestVerdictsInModeWarn(t *testing.T) {
	for sentence, test := range map[string]verdictTest{
		"what is signed is admitted as ever": {stored: byKey, spec: keyed + "  mode: warn\n", want: admitted(key)},
		"what is not is admitted with a warning": {
			spec: keyed + "  mode: warn\n", refused: true,
			want: verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy, Warnings: []string{
				"is refused by ClusterImagePolicy release: authority authority-0: " + unsigned}}},
	} {
		t.Run(sentence, test.run)
	}
}
