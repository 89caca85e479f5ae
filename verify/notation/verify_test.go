package notation_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

// The clauses that users read.
const (
	unsigned      = "has no signature of the Notary Project; sign it with notation sign"
	unreadable    = "has a signature that cannot be read; sign it anew with notation sign"
	broken        = "has a signature that is broken; sign it anew with notation sign"
	needsPlugin   = "has a signature that only a plugin of notation could verify, and plugins are never run; sign it anew with notation sign"
	wrongKey      = "has a signature by none of the authorities whose certificates are in the Secret of its verify block; sign it with a certificate of theirs, or add the authority's"
	wrongIdentity = `is signed by "CN=builder,O=Acme,ST=WA,C=US", which is none of trustedIdentities in the trustpolicy.json of its verify block; sign it as one of those, or add this one`
	otherArtifact = "has a signature that is good, but of another artifact; sign this one with notation sign"
	expired       = "has a signature that has expired; sign it anew with notation sign"
	tooLate       = "has a signature by a certificate that is not valid now, and no trusted timestamp from when it was; sign it anew"
	noTimestamp   = `has a signature without the timestamp that the tsa stores in the trustpolicy.json of its verify block ask for; sign it with notation sign --timestamp-url, or set verifyTimestamp to "afterCertExpiry"`
	invalidThen   = "has a signature by a certificate that was not valid when it signed; sign it anew"
	noStore       = `has a signature of the scheme "notary.x509.signingAuthority", for which trustStores in the trustpolicy.json of its verify block name no store; sign it by another, or add one`
)

// verdictTest signs, and says what is trusted and what comes of it.
type verdictTest struct {
	sign func(t *testing.T, f *fixture)
	// trust is the Secret; nil means that of the fixture.
	trust func(t *testing.T, f *fixture) verify.Notation
	// want is the verdict; nil means that the fixture's signer counts.
	want func(t *testing.T, f *fixture) verify.Signature
	// beyond: Flux does not count what counts here.
	beyond bool
}

func (test verdictTest) run(t *testing.T) {
	f := newFixture(t)
	test.sign(t, f)
	trusted := f.material(t)
	if test.trust != nil {
		trusted = test.trust(t, f)
	}
	want := by(t, f.authority, f.signer)
	if test.want != nil {
		want = test.want(t, f)
	}
	compare(t, want, f.verify(t, trusted))
	if want.Verified && !test.beyond {
		if err := f.flux(t, trusted); err != nil {
			t.Errorf("Flux does not count it: %v", err)
		}
	}
}

// signed signs once.
func signed(how signing.NotationSignature) func(*testing.T, *fixture) {
	return func(t *testing.T, f *fixture) { f.sign(t, how) }
}

// signedBy is signed, where how depends on the fixture.
func signedBy(how func(*testing.T, *fixture) signing.NotationSignature) func(*testing.T, *fixture) {
	return func(t *testing.T, f *fixture) { f.sign(t, how(t, f)) }
}

// deep is the last of so many authorities, each of which the one before has made.
func deep(t *testing.T, authority *signing.NotationAuthority, authorities int) *signing.NotationAuthority {
	for range authorities - 1 {
		authority = authority.Authority(t, "Acme Builds")
	}
	return authority
}

func refused(reason verify.Reason, message string) func(*testing.T, *fixture) verify.Signature {
	return func(*testing.T, *fixture) verify.Signature { return verify.Unverified(reason, message) }
}

// edited is the fixture's Secret with a trust policy in which one text stands for another.
func edited(from, to string) func(*testing.T, *fixture) verify.Notation {
	return func(t *testing.T, f *fixture) verify.Notation {
		trusted := f.material(t)
		policy := strings.Replace(string(trusted.TrustPolicy), from, to, 1)
		if policy == string(trusted.TrustPolicy) {
			t.Fatalf("the trust policy has no %s", from)
		}
		trusted.TrustPolicy = []byte(policy)
		return trusted
	}
}

func TestSignaturesThatCount(t *testing.T) {
	for sentence, test := range map[string]verdictTest{
		"in JWS":  {sign: signed(signing.NotationSignature{MediaType: signing.JWS})},
		"in COSE": {sign: signed(signing.NotationSignature{MediaType: signing.COSE})},
		"that expire tomorrow": {sign: signed(signing.NotationSignature{
			MediaType: signing.COSE, Expiry: time.Now().AddDate(0, 0, 1)})},
		"of an index": {sign: func(t *testing.T, f *fixture) {
			var err error
			if f.digest, err = f.PushIndex(repository, "v2"); err != nil {
				t.Fatal(err)
			}
			f.sign(t, signing.NotationSignature{})
		}},
		"by an intermediate authority whose root is trusted": {sign: func(t *testing.T, f *fixture) {
			f.signer = f.authority.Authority(t, "Acme Builds").Signer(t, "builder")
			f.sign(t, signing.NotationSignature{})
		}},
		"by an intermediate authority that is trusted itself": {sign: func(t *testing.T, f *fixture) {
			f.authority = f.authority.Authority(t, "Acme Builds")
			f.signer = f.authority.Signer(t, "builder")
			f.sign(t, signing.NotationSignature{})
		}},
		"by the last of ten certificates": {sign: func(t *testing.T, f *fixture) {
			f.signer = deep(t, f.authority, 9).Signer(t, "builder")
			f.sign(t, signing.NotationSignature{})
		}},
		"under a policy for all repositories": {
			sign: signed(signing.NotationSignature{}), trust: edited(`"`+repository+`"`, `"*"`)},
		"of somebody whose name the policy gives in part": {
			sign: signed(signing.NotationSignature{}), trust: edited("CN=builder,", "")},
		"timestamped by the last of ten certificates": {
			sign: signedBy(func(t *testing.T, f *fixture) signing.NotationSignature {
				return signing.NotationSignature{At: time.Now().Add(-30 * time.Minute), Timestamp: deep(t, f.authority, 9)}
			}),
			trust: edited(`"ca:acme"`, `"ca:acme","tsa:acme"`),
		},
		"whose authority is one of several": {
			sign: signed(signing.NotationSignature{}),
			trust: func(t *testing.T, f *fixture) verify.Notation {
				return material(f.material(t).TrustPolicy, signing.NewNotationAuthority(t, "Other"), f.authority)
			},
		},
		"whose authority is in DER": {
			sign: signed(signing.NotationSignature{}),
			trust: func(t *testing.T, f *fixture) verify.Notation {
				trusted := f.material(t)
				trusted.Certificates = map[string][]byte{"a.pem": f.authority.Certificate.Raw}
				return trusted
			},
		},
		"beside one of before the key was rotated": {sign: func(t *testing.T, f *fixture) {
			f.sign(t, signing.NotationSignature{})
			f.authority = signing.NewNotationAuthority(t, "Acme")
			f.signer = f.authority.Signer(t, "builder")
			f.sign(t, signing.NotationSignature{})
		}},
		"beside two that cannot be read": {beyond: true, sign: func(t *testing.T, f *fixture) {
			signing.AttachNotation(t, f.Registry, repository, f.digest, signing.JWS, []byte("{}"))
			signing.AttachNotation(t, f.Registry, repository, f.digest, "text/html", []byte("<html>"))
			f.sign(t, signing.NotationSignature{})
		}},
		"by a certificate that has expired, timestamped before": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", signing.ExpiredYesterday)
				f.sign(t, signing.NotationSignature{At: yesterday(), Timestamp: f.authority})
			},
			trust: edited(`"ca:acme"`, `"ca:acme","tsa:acme"`),
		},
		"without the timestamp that is asked for once the certificate has expired": {
			sign:  signed(signing.NotationSignature{}),
			trust: edited(`"level":"strict"},"trustStores":["ca:acme"`, `"level":"strict","verifyTimestamp":"afterCertExpiry"},"trustStores":["ca:acme","tsa:acme"`),
		},
		"by a certificate that has expired, of an authority that vouches for the time": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", signing.ExpiredYesterday)
				f.sign(t, signing.NotationSignature{At: yesterday(), SigningAuthority: true})
			},
			trust: edited(`"ca:acme"`, `"signingAuthority:acme"`),
		},
		"under a lax level whose override enforces": {
			sign:  signed(signing.NotationSignature{}),
			trust: edited(`"level":"strict"`, `"level":"audit","override":{"authenticity":"enforce","authenticTimestamp":"enforce","expiry":"enforce"}`),
		},
	} {
		t.Run(sentence, test.run)
	}
}

func TestSignaturesThatDoNotCount(t *testing.T) {
	for sentence, test := range map[string]verdictTest{
		"none at all": {sign: func(*testing.T, *fixture) {}, want: refused(verify.ReasonUnsigned, unsigned)},
		"by an authority that is not trusted": {
			sign: signed(signing.NotationSignature{}),
			trust: func(t *testing.T, f *fixture) verify.Notation {
				return material(f.material(t).TrustPolicy, signing.NewNotationAuthority(t, "Acme"))
			},
			want: refused(verify.ReasonWrongKey, wrongKey),
		},
		"by the authority that stands second under its key": {
			sign: signed(signing.NotationSignature{}),
			trust: func(t *testing.T, f *fixture) verify.Notation {
				trusted := f.material(t)
				trusted.Certificates["authority-0.crt"] = append(signing.NewNotationAuthority(t, "Other").PEM(), f.authority.PEM()...)
				return trusted
			},
			want: refused(verify.ReasonWrongKey, wrongKey+" (of several certificates under one key, Flux reads the first)"),
		},
		"by somebody else": {
			sign: signed(signing.NotationSignature{}), trust: edited("CN=builder", "CN=releaser"),
			want: refused(verify.ReasonWrongIdentity, wrongIdentity),
		},
		"by a certificate whose name is not one of the Notary Project": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", func(c *x509.Certificate) { c.Subject.Country = nil })
				f.sign(t, signing.NotationSignature{})
				f.signer = f.authority.Signer(t, "builder")
			},
			want: refused(verify.ReasonWrongIdentity, strings.Replace(wrongIdentity, ",C=US", "", 1)),
		},
		"by somebody else with a long name": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, strings.Repeat("b", 300))
				f.sign(t, signing.NotationSignature{})
				f.signer = f.authority.Signer(t, "builder")
			},
			want: refused(verify.ReasonWrongIdentity,
				strings.Replace(wrongIdentity, `"CN=builder,O=Acme,ST=WA,C=US"`, `"CN=`+strings.Repeat("b", 253)+`"…`, 1)),
		},
		"by somebody whose name nobody could read": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, strings.Repeat("b", 1024))
				f.sign(t, signing.NotationSignature{})
			},
			want: refused(verify.ReasonMalformed,
				"has a signature that is by a certificate whose subject is longer than 1024 bytes; sign it anew with notation sign"),
		},
		"copied from another artifact": {
			sign: func(t *testing.T, f *fixture) {
				other := f.descriptor(t, f.MustPush(t, repository, "v2"))
				signing.AttachNotation(t, f.Registry, repository, f.digest, signing.JWS, f.signer.Envelope(t, other, signing.NotationSignature{}))
			},
			want: refused(verify.ReasonOtherArtifact, otherArtifact),
		},
		"of a blob that has the artifact's digest": {
			sign: func(t *testing.T, f *fixture) {
				blob := f.descriptor(t, f.digest)
				blob.MediaType = "application/octet-stream"
				f.sign(t, signing.NotationSignature{Target: blob})
			},
			want: refused(verify.ReasonOtherArtifact, otherArtifact),
		},
		"by the last of eleven certificates": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = deep(t, f.authority, 10).Signer(t, "builder")
				f.sign(t, signing.NotationSignature{})
			},
			want: refused(verify.ReasonMalformed, unreadable),
		},
		"timestamped by the last of eleven certificates": {
			sign: signedBy(func(t *testing.T, f *fixture) signing.NotationSignature {
				return signing.NotationSignature{Timestamp: deep(t, f.authority, 10)}
			}),
			want: refused(verify.ReasonMalformed, unreadable),
		},
		"that has expired": {
			sign: signed(signing.NotationSignature{At: time.Now().Add(-30 * time.Minute), Expiry: time.Now().Add(-time.Minute)}),
			want: refused(verify.ReasonExpired, expired),
		},
		"by a certificate that has expired": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", signing.ExpiredYesterday)
				f.sign(t, signing.NotationSignature{MediaType: signing.COSE, At: yesterday()})
			},
			want: refused(verify.ReasonExpired, tooLate),
		},
		"by a certificate that has expired, with a timestamp that nobody asked for": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", signing.ExpiredYesterday)
				f.sign(t, signing.NotationSignature{At: yesterday(), Timestamp: f.authority})
			},
			want: refused(verify.ReasonExpired, tooLate),
		},
		"by a certificate that has expired, timestamped by an authority that is not trusted": {
			sign: func(t *testing.T, f *fixture) {
				f.signer = f.authority.Signer(t, "builder", signing.ExpiredYesterday)
				f.sign(t, signing.NotationSignature{At: yesterday(), Timestamp: signing.NewNotationAuthority(t, "Clock")})
			},
			trust: edited(`"ca:acme"`, `"ca:acme","tsa:acme"`),
			want:  refused(verify.ReasonExpired, tooLate),
		},
		"without the timestamp that is asked for": {
			sign: signed(signing.NotationSignature{}), trust: edited(`"ca:acme"`, `"ca:acme","tsa:acme"`),
			want: refused(verify.ReasonExpired, noTimestamp),
		},
		"with a time before the certificate's, of an authority that vouches for the time": {
			sign: func(t *testing.T, f *fixture) {
				header := protected()
				delete(header, "io.cncf.notary.signingTime")
				header["io.cncf.notary.signingScheme"] = "notary.x509.signingAuthority"
				header["io.cncf.notary.authenticSigningTime"] = yesterday()
				header["crit"] = []string{"io.cncf.notary.signingScheme", "io.cncf.notary.authenticSigningTime"}
				f.forge(t, header)
			},
			trust: edited(`"ca:acme"`, `"signingAuthority:acme"`),
			want:  refused(verify.ReasonExpired, invalidThen),
		},
		"with a time that nobody may vouch for": {
			sign: signed(signing.NotationSignature{SigningAuthority: true}),
			want: refused(verify.ReasonWrongKey, noStore),
		},
		"that demand a plugin": {
			sign: signed(signing.NotationSignature{Attributes: map[string]string{"io.cncf.notary.verificationPlugin": "acme"}}),
			want: refused(verify.ReasonMalformed, needsPlugin),
		},
		"with a critical attribute that only a plugin understands": {
			sign: signed(signing.NotationSignature{MediaType: signing.COSE, Attributes: map[string]string{"com.acme.only-on-mondays": "yes"}}),
			want: refused(verify.ReasonMalformed, needsPlugin),
		},
	} {
		t.Run(sentence, test.run)
	}
}
