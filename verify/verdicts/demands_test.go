package verdicts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// TestADemandIsMetByAKeyOrByAnIdentity, where it names both.
func TestADemandIsMetByAKeyOrByAnIdentity(t *testing.T) {
	authority, err := signing.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	root, err := authority.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	for sentence, test := range map[string]struct {
		signs func(w *world, ours signing.Key)
		root  []byte
		want  string
		err   error
	}{
		"by the key": {
			func(w *world, ours signing.Key) { w.must(w.place.SignBundle(w.digest, ours)) }, root, "verified as cosign-bundle", nil},
		"by the key, where no root is given": {
			func(w *world, ours signing.Key) { w.must(w.place.SignLegacy(w.digest, ours)) }, nil, "verified as cosign-legacy", nil},
		"by the identity": {
			func(w *world, _ signing.Key) {
				w.must(w.place.SignLegacy(w.digest, authority.Identity(issuer, subject)))
			},
			root, "verified as cosign-legacy", nil},
		"by another identity": {
			func(w *world, _ signing.Key) {
				w.must(w.place.SignLegacy(w.digest, authority.Identity(issuer, "somebody")))
			},
			root, "wrong-identity", nil},
		"by another key": {
			func(w *world, _ signing.Key) { other, _ := w.key(); w.must(w.place.SignBundle(w.digest, other)) }, root, "wrong-key", nil},
		"by nobody": {func(*world, signing.Key) {}, root, "unsigned", nil},
		"by the identity, where no root is given": {
			func(w *world, _ signing.Key) {
				w.must(w.place.SignLegacy(w.digest, authority.Identity(issuer, subject)))
			},
			nil, "", verify.ErrNoTrustRoot},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.options.TrustedRoot = func() []byte { return test.root }
			ours, public := w.key()
			parsed, err := verify.ParsePublicKey(public)
			w.must(err)
			test.signs(w, ours)
			demand := verify.Demand{Cosign: &verify.Cosign{
				Keys: []verify.PublicKey{parsed}, Identities: []verify.CertificateIdentity{{Issuer: issuer, Subject: subject}},
			}}
			got, err := verdicts.New(w.options).Demanded(t.Context(), w.source(flux.Verify{}), false, demand)
			shown := string(got.Reason)
			if got.Verified {
				shown = summary(got)
			}
			if shown != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %s, error %v, want %s, error %v", shown, err, test.want, test.err)
			}
		})
	}
}

// TestARootThatIsReplacedCountsAtOnceBesideAKey: the identities of a demand are verified against it, whatever else it names.
func TestARootThatIsReplacedCountsAtOnceBesideAKey(t *testing.T) {
	w := newWorld(t)
	authority, err := signing.NewAuthority()
	w.must(err)
	other, err := signing.NewAuthority()
	w.must(err)
	trusted := authority
	w.options.TrustedRoot = func() []byte {
		root, err := trusted.TrustedRoot()
		w.must(err)
		return root
	}
	_, public := w.key()
	parsed, err := verify.ParsePublicKey(public)
	w.must(err)
	w.must(w.place.SignLegacy(w.digest, authority.Identity(issuer, subject)))
	demand := verify.Demand{Cosign: &verify.Cosign{
		Keys: []verify.PublicKey{parsed}, Identities: []verify.CertificateIdentity{{Issuer: issuer, Subject: subject}},
	}}
	v := verdicts.New(w.options)
	if got, err := v.Demanded(t.Context(), w.source(flux.Verify{}), false, demand); err != nil || !got.Verified {
		t.Fatalf("before: %s, error %v", summary(got), err)
	}
	trusted = other
	w.pass(time.Second)
	if got, err := v.Demanded(t.Context(), w.source(flux.Verify{}), false, demand); err != nil || got.Verified {
		t.Errorf("after: %s, error %v", summary(got), err)
	}
}

// TestADemandThatAsksForNothingIsMetByNothing: no policy is compiled to one, and if one were, nothing may get in by it.
func TestADemandThatAsksForNothingIsMetByNothing(t *testing.T) {
	w := newWorld(t)
	got, err := verdicts.New(w.options).Demanded(t.Context(), w.source(flux.Verify{}), false, verify.Demand{})
	if err == nil || got.Verified {
		t.Errorf("got %s, error %v", summary(got), err)
	}
	if asked := w.Requests(); len(asked) > 0 {
		t.Errorf("the registry was asked: %v", asked)
	}
}

// TestEachAlternativeOfADemandHasASessionOfItsOwn: a session is limited in bytes and requests, and what is stored as signatures may
// use up one, which must not read as a registry in trouble.
func TestEachAlternativeOfADemandHasASessionOfItsOwn(t *testing.T) {
	w := newWorld(t)
	authority, err := signing.NewAuthority()
	w.must(err)
	root, err := authority.TrustedRoot()
	w.must(err)
	_, public := w.key()
	parsed, err := verify.ParsePublicKey(public)
	w.must(err)
	demand := verify.Demand{Cosign: &verify.Cosign{
		Keys: []verify.PublicKey{parsed}, Identities: []verify.CertificateIdentity{{Issuer: issuer, Subject: subject}}, TrustedRoot: root,
	}}
	w.Forget()
	if got, err := verdicts.New(w.options).Demanded(t.Context(), w.source(flux.Verify{}), false, demand); err != nil || got.Reason != verify.ReasonUnsigned {
		t.Errorf("got %s, error %v", summary(got), err)
	}
	logins := 0
	for _, request := range w.Requests() {
		if request.Path == "/v2/" {
			logins++
		}
	}
	if n := w.verifications(); logins != 2 || n != 1 {
		t.Errorf("%d logins for %d verifications, want 2 for 1: %v", logins, n, w.Requests())
	}
}

// TestAClusterImagePolicyThatIsNotKnownIsNoVerdict: it may be about to come.
func TestAClusterImagePolicyThatIsNotKnownIsNoVerdict(t *testing.T) {
	w := newWorld(t)
	got, err := verdicts.New(w.options).Demanded(t.Context(), w.source(flux.Verify{}), false, verify.Demand{ImagePolicyNames: []string{"release"}})
	if !errors.Is(err, verify.ErrImagePolicy) || got.Verified {
		t.Errorf("got %s, error %v", summary(got), err)
	}
}
