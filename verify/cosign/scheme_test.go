package cosign_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

// scheme is a way to sign: a form of signatures, and who signs.
type scheme struct {
	form verify.Scheme
	// me, you and they are three signers; stranger is the reason why what they signed is not what I was asked for.
	me, you, they signing.Signer
	stranger      verify.Reason
}

func schemes(t *testing.T) map[string]scheme {
	t.Helper()
	authority := newAuthority(t)
	keys := scheme{
		me: newKey(t, signing.ECDSA), you: newKey(t, signing.ECDSA), they: newKey(t, signing.ECDSA), stranger: verify.ReasonWrongKey,
	}
	keyless := scheme{
		me: authority.Identity(issuer, subject), you: authority.Identity(issuer, "you@example.com"),
		they: authority.Identity("https://accounts.example.com", subject), stranger: verify.ReasonWrongIdentity,
	}
	in := func(s scheme, form verify.Scheme) scheme { s.form = form; return s }
	return map[string]scheme{
		"bundles of keys":           in(keys, verify.SchemeCosignBundle),
		"legacy signatures of keys": in(keys, verify.SchemeCosignLegacy),
		"keyless bundles":           in(keyless, verify.SchemeCosignBundle),
		"keyless legacy signatures": in(keyless, verify.SchemeCosignLegacy),
	}
}

func (s scheme) sign(w *world, digest string, signers ...signing.Signer) {
	w.Helper()
	if s.form == verify.SchemeCosignBundle {
		w.must(w.place.SignBundle(digest, signers...))
		return
	}
	w.must(w.place.SignLegacy(digest, signers...))
}

// signCopied signs another artifact, and stores that with this one.
func (s scheme) signCopied(w *world, signer signing.Signer) {
	w.Helper()
	if s.form == verify.SchemeCosignBundle {
		raw, err := signing.Bundle(signer, w.other, "")
		w.must(err)
		w.must(w.place.PutBundle(w.artifact, raw))
		return
	}
	signature, err := signing.Legacy(signer, w.reference(w.other))
	w.must(err)
	w.must(w.place.PutLegacy(w.artifact, signature))
}

// signTampered signs the artifact of a digest, changes the payload or the signature, and stores that with this one.
func (s scheme) signTampered(w *world, digest string, signer signing.Signer, payload, signature func([]byte) []byte) {
	w.Helper()
	if s.form == verify.SchemeCosignBundle {
		raw, err := signing.Bundle(signer, digest, "")
		w.must(err)
		w.must(w.place.PutBundle(w.artifact, tamperedBundle(w, raw, payload, signature)))
		return
	}
	signed, err := signing.Legacy(signer, w.reference(digest))
	w.must(err)
	w.must(w.place.PutLegacy(w.artifact, tamperedLegacy(w, signed, payload, signature)))
}

func tamperedBundle(w *world, raw []byte, payload, signature func([]byte) []byte) []byte {
	w.Helper()
	var b map[string]any
	w.must(json.Unmarshal(raw, &b))
	change := func(object map[string]any, key string, by func([]byte) []byte) {
		content, err := base64.StdEncoding.DecodeString(object[key].(string))
		w.must(err)
		object[key] = base64.StdEncoding.EncodeToString(by(content))
	}
	envelope := b["dsseEnvelope"].(map[string]any)
	change(envelope, "payload", payload)
	change(envelope["signatures"].([]any)[0].(map[string]any), "sig", signature)
	changed, err := json.Marshal(b)
	w.must(err)
	return changed
}

func tamperedLegacy(w *world, signed oci.Signature, payload, signature func([]byte) []byte) oci.Signature {
	w.Helper()
	content, err := signed.Payload()
	w.must(err)
	raw, err := signed.Signature()
	w.must(err)
	logged, err := signed.Bundle()
	w.must(err)
	leaf, err := signed.Cert()
	w.must(err)
	options := []static.Option{static.WithBundle(logged)}
	if leaf != nil {
		text, err := cryptoutils.MarshalCertificateToPEM(leaf)
		w.must(err)
		options = append(options, static.WithCertChain(text, nil))
	}
	changed, err := static.NewSignature(payload(content), base64.StdEncoding.EncodeToString(signature(raw)), options...)
	w.must(err)
	return changed
}

func same(content []byte) []byte { return content }

// flip changes the last bit.
func flip(content []byte) []byte {
	changed := append([]byte{}, content...)
	changed[len(changed)-1] ^= 1
	return changed
}

// redirected changes what the payload is about.
func redirected(from, to string) func([]byte) []byte {
	hex := func(digest string) string { return strings.TrimPrefix(digest, "sha256:") }
	return func(content []byte) []byte { return []byte(strings.ReplaceAll(string(content), hex(from), hex(to))) }
}

func TestEveryScheme(t *testing.T) {
	type test struct {
		sign func(w *world, s scheme)
		// demand is whom of me and you a signature must be of; nil stands for me.
		demand func(s scheme) []signing.Signer
		by     func(s scheme) signing.Signer
		reason func(s scheme) verify.Reason
	}
	me := func(s scheme) signing.Signer { return s.me }
	you := func(s scheme) signing.Signer { return s.you }
	either := func(s scheme) []signing.Signer { return []signing.Signer{s.me, s.you} }
	reason := func(r verify.Reason) func(scheme) verify.Reason { return func(scheme) verify.Reason { return r } }
	stranger := func(s scheme) verify.Reason { return s.stranger }
	tests := map[string]test{
		"signed by me":                   {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.me) }, by: me},
		"not signed":                     {sign: func(*world, scheme) {}, reason: reason(verify.ReasonUnsigned)},
		"another artifact is signed":     {sign: func(w *world, s scheme) { s.sign(w, w.other, s.me) }, reason: reason(verify.ReasonUnsigned)},
		"signed by you":                  {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.you) }, reason: stranger},
		"signed by them":                 {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.they) }, reason: stranger},
		"signed by you, them and me":     {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.you, s.they, s.me) }, by: me},
		"signed by me, you and them":     {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.me, s.you, s.they) }, by: me},
		"signed by me, and either may":   {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.me) }, demand: either, by: me},
		"signed by you, and either may":  {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.you) }, demand: either, by: you},
		"signed by them, and either may": {sign: func(w *world, s scheme) { s.sign(w, w.artifact, s.they) }, demand: either, reason: stranger},
		"a copy of my signature of another artifact": {
			sign: func(w *world, s scheme) { s.signCopied(w, s.me) }, reason: reason(verify.ReasonOtherArtifact)},
		"a copy of my signature of another artifact, and one of this": {
			sign: func(w *world, s scheme) { s.signCopied(w, s.me); s.sign(w, w.artifact, s.me) }, by: me},
		"a copy of their signature of another artifact": {
			sign: func(w *world, s scheme) { s.signCopied(w, s.they) },
			reason: func(s scheme) verify.Reason {
				if s.stranger == verify.ReasonWrongKey {
					return verify.ReasonWrongKey
				}
				return verify.ReasonOtherArtifact
			}},
		"my signature of another artifact, with this one written into it": {
			sign:   func(w *world, s scheme) { s.signTampered(w, w.other, s.me, redirected(w.other, w.artifact), same) },
			reason: reason(verify.ReasonWrongKey)},
		"my signature, with something else in its payload": {
			sign: func(w *world, s scheme) {
				s.signTampered(w, w.artifact, s.me, func(b []byte) []byte { return append([]byte(" "), b...) }, same)
			},
			reason: reason(verify.ReasonWrongKey)},
		"my signature, with a changed bit": {
			sign: func(w *world, s scheme) { s.signTampered(w, w.artifact, s.me, same, flip) }, reason: reason(verify.ReasonWrongKey)},
		"my signature, cut off": {
			sign: func(w *world, s scheme) {
				s.signTampered(w, w.artifact, s.me, same, func(b []byte) []byte { return b[:10] })
			},
			reason: reason(verify.ReasonWrongKey)},
	}
	for name, s := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			for sentence, test := range tests {
				t.Run(sentence, func(t *testing.T) {
					w := newWorld(t)
					test.sign(w, s)
					demanded := []signing.Signer{s.me}
					if test.demand != nil {
						demanded = test.demand(s)
					}
					want := verify.Signature{}
					if test.by != nil {
						want = verify.Signature{Verified: true, Scheme: s.form, Signers: []verify.Signer{signerOf(t, test.by(s))}}
					} else {
						want.Reason = test.reason(s)
					}
					w.expect(want, demandOf(t, demanded...))
				})
			}
		})
	}
}

// expect compares all but the message, which is there where nothing was verified; TestMessages has them.
func (w *world) expect(want verify.Signature, demand verify.Cosign) {
	w.Helper()
	got := w.mustVerify(demand)
	if (got.Message == "") != got.Verified {
		w.Errorf("verified is %t, and the message %q", got.Verified, got.Message)
	}
	got.Message = ""
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("signature (-want +got):\n%s", diff)
	}
}
