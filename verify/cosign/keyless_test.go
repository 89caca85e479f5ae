package cosign_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
)

// keylessForms are the two forms of keyless signatures.
func keylessForms() map[string]scheme {
	return map[string]scheme{
		"bundle": {form: verify.SchemeCosignBundle}, "legacy signature": {form: verify.SchemeCosignLegacy},
	}
}

func TestIdentities(t *testing.T) {
	authority := newAuthority(t)
	me := authority.Identity(issuer, subject)
	one := func(identity verify.CertificateIdentity) []verify.CertificateIdentity {
		return []verify.CertificateIdentity{identity}
	}
	regexps := func(issuer, subject string) []verify.CertificateIdentity {
		return one(verify.CertificateIdentity{IssuerRegExp: issuer, SubjectRegExp: subject})
	}
	tests := map[string]struct {
		identities []verify.CertificateIdentity
		reason     verify.Reason // empty where the signature counts
	}{
		"expressions that the whole text matches": {identities: regexps("^https://token.*com$", "^https://github.com/acme/.*$")},
		"expressions that a part of it matches, as with Flux": {
			identities: regexps("actions", "acme/app")},
		"another subject":                   {identities: regexps("actions", "acme/other"), reason: verify.ReasonWrongIdentity},
		"another issuer":                    {identities: regexps("accounts", "acme/app"), reason: verify.ReasonWrongIdentity},
		"the right two in the wrong places": {identities: regexps("acme/app", "actions"), reason: verify.ReasonWrongIdentity},
		"the second of two":                 {identities: append(regexps("accounts", "acme"), regexps("actions", "acme")...)},
		"neither of two, of which each has half": {
			identities: append(regexps("accounts", "acme"), regexps("actions", "other")...), reason: verify.ReasonWrongIdentity},
		"the texts":                         {identities: one(verify.CertificateIdentity{Issuer: issuer, Subject: subject})},
		"a text that is only the beginning": {identities: one(verify.CertificateIdentity{Issuer: issuer, Subject: subject[:20]}), reason: verify.ReasonWrongIdentity},
		"a text and an expression":          {identities: one(verify.CertificateIdentity{Issuer: issuer, SubjectRegExp: "acme"})},
		"a text that an expression contradicts": {
			identities: one(verify.CertificateIdentity{Issuer: issuer, Subject: subject, SubjectRegExp: "other"}), reason: verify.ReasonWrongIdentity},
		"a text that is an expression": {identities: one(verify.CertificateIdentity{Issuer: issuer, Subject: ".*"}), reason: verify.ReasonWrongIdentity},
		"anybody":                      {reason: verify.ReasonAnyIdentity},
		"anybody whom an issuer knows": {identities: one(verify.CertificateIdentity{Issuer: issuer}), reason: verify.ReasonAnyIdentity},
		"somebody, whoever knows him":  {identities: regexps("", "acme"), reason: verify.ReasonAnyIdentity},
		"nothing":                      {identities: one(verify.CertificateIdentity{}), reason: verify.ReasonAnyIdentity},
		"no expression":                {identities: regexps("actions", "acme("), reason: verify.ReasonBadIdentity},
		"an expression of Perl's":      {identities: regexps("actions", "(?!acme)"), reason: verify.ReasonBadIdentity},
		"an expression that explodes":  {identities: regexps("actions", "((a{100}){100}){100}"), reason: verify.ReasonBadIdentity},
		"one of them is no expression": {identities: append(regexps("actions", "acme"), regexps("[", "acme")...), reason: verify.ReasonBadIdentity},
		"more than anybody can count":  {identities: make([]verify.CertificateIdentity, 65), reason: verify.ReasonBadIdentity},
	}
	for name, s := range keylessForms() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s.sign(w, w.artifact, me)
			for sentence, test := range tests {
				t.Run(sentence, func(t *testing.T) {
					w.T = t
					want := verify.Signature{Reason: test.reason}
					if test.reason == "" {
						want = verify.Signature{Verified: true, Scheme: s.form, Signers: []verify.Signer{signerOf(t, me)}}
					}
					w.expect(want, verify.Cosign{Identities: test.identities, TrustedRoot: trustedRoot(t, authority)})
					sent := w.registry.Requests()
					if asked := test.reason != verify.ReasonAnyIdentity && test.reason != verify.ReasonBadIdentity; asked == (len(sent) == 0) {
						t.Errorf("sent %v", sent)
					}
				})
			}
		})
	}
}

func TestWhatProvesAKeylessSignature(t *testing.T) {
	authority := newAuthority(t)
	me := authority.Identity(issuer, subject)
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	with := func(change func(*signing.Identity)) signing.Identity {
		changed := me
		change(&changed)
		return changed
	}
	tests := map[string]struct {
		signer  signing.Identity
		reason  verify.Reason
		bundles bool // legacy signatures have no such thing
	}{
		"all that there is": {signer: me},
		"a certificate that has expired since": {signer: with(func(i *signing.Identity) {
			i.NotBefore, i.Logged, i.NotAfter = ago(3*time.Hour), ago(3*time.Hour-time.Minute), ago(2*time.Hour)
		})},
		"a certificate that had expired before": {reason: verify.ReasonExpired, signer: with(func(i *signing.Identity) {
			i.NotBefore, i.NotAfter, i.Logged = ago(3*time.Hour), ago(2*time.Hour), ago(time.Hour)
		})},
		"a certificate that was issued later": {reason: verify.ReasonExpired, signer: with(func(i *signing.Identity) {
			i.Logged, i.NotBefore = ago(3*time.Hour), ago(2*time.Hour)
		})},
		"no entry in the transparency log": {
			signer: with(func(i *signing.Identity) { i.Unlogged = true }), reason: verify.ReasonWrongKey},
		"no entry, and a timestamp": {bundles: true, reason: verify.ReasonWrongKey,
			signer: with(func(i *signing.Identity) { i.Unlogged, i.Timestamped = true, true })},
		"no promise of the log of certificates": {
			signer: with(func(i *signing.Identity) { i.Unpromised = true }), reason: verify.ReasonWrongKey},
		"an authority that nobody trusts": {
			signer: with(func(i *signing.Identity) { i.Authority = newAuthority(t) }), reason: verify.ReasonWrongKey},
		"an entry without a time, and a timestamp": {bundles: true,
			signer: with(func(i *signing.Identity) { i.Untimed, i.Timestamped = true, true })},
		"an entry without a time": {bundles: true, reason: verify.ReasonWrongKey,
			signer: with(func(i *signing.Identity) { i.Untimed = true })},
	}
	for name, s := range keylessForms() {
		t.Run(name, func(t *testing.T) {
			for sentence, test := range tests {
				if test.bundles && s.form != verify.SchemeCosignBundle {
					continue
				}
				t.Run(sentence, func(t *testing.T) {
					w := newWorld(t)
					s.sign(w, w.artifact, test.signer)
					want := verify.Signature{Reason: test.reason}
					if test.reason == "" {
						want = verify.Signature{Verified: true, Scheme: s.form, Signers: []verify.Signer{signerOf(t, me)}}
					}
					w.expect(want, demandOf(t, me))
				})
			}
		})
	}
}

func TestWhoseTrustedRoot(t *testing.T) {
	mine, other := newAuthority(t), newAuthority(t)
	me := mine.Identity(issuer, subject)
	good := verify.Signature{Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{signerOf(t, me)}}
	untrusted := verify.Signature{Reason: verify.ReasonWrongKey}
	broken := []byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}]}`)
	tests := map[string]struct {
		demand, own []byte
		want        verify.Signature
		err         string
	}{
		"that of the demand":                {demand: trustedRoot(t, mine), want: good},
		"the verifier's own":                {own: trustedRoot(t, mine), want: good},
		"that of the demand goes before":    {demand: trustedRoot(t, other), own: trustedRoot(t, mine), want: untrusted},
		"even where it cannot be read":      {demand: []byte("{}"), own: trustedRoot(t, mine), want: verify.Signature{Reason: verify.ReasonSecret}},
		"an empty one is none that is good": {demand: []byte{}, own: trustedRoot(t, mine), want: verify.Signature{Reason: verify.ReasonSecret}},
		"one with a hole":                   {demand: broken, want: verify.Signature{Reason: verify.ReasonSecret}},
		"one that is too long":              {demand: make([]byte, 1<<20), want: verify.Signature{Reason: verify.ReasonSecret}},
		"none":                              {err: verify.ErrNoTrustRoot.Error()},
		"a broken one of the verifier's": {
			own: broken, err: "read the trusted root for keyless signatures: it is no sigstore TrustedRoot in JSON"},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.must(w.place.SignBundle(w.artifact, me))
			demand := demandOf(t, me)
			demand.TrustedRoot = test.demand
			got, err := w.verify(demand, cosign.Options{TrustedRoot: test.own})
			got.Message = ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("signature (-want +got):\n%s", diff)
			}
			if text := textOf(err); text != test.err {
				t.Errorf("error %q, want %q", text, test.err)
			}
			if errors.Is(err, verify.ErrNoTrustRoot) != (test.err == verify.ErrNoTrustRoot.Error()) {
				t.Errorf("the error is %#v", err)
			}
		})
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
