package verdicts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// TestEachVerifyBlockHasItsScheme: what a block asks for is read as Flux reads it, and what verifies nothing is said without asking
// the registry.
func TestEachVerifyBlockHasItsScheme(t *testing.T) {
	w := newWorld(t)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	authority, err := signing.NewAuthority()
	w.must(err)
	w.must(w.place.SignBundle(w.digest, authority.Identity(issuer, subject)))
	root, err := authority.TrustedRoot()
	w.must(err)
	notary := signing.NewNotationAuthority(t, "acme")
	signer := notary.Signer(t, "release")
	signer.Sign(t, w.Registry, app, w.digest, signing.NotationSignature{})
	other, otherPublic := w.key()
	w.must(w.place.SignLegacy(w.digest, other))
	w.put("other", map[string][]byte{"cosign.pub": otherPublic})
	w.put("keys", map[string][]byte{"cosign.pub": public, "password": []byte("secret")})
	w.put("root", map[string][]byte{"trusted_root.json": root})
	w.put("notation", signing.NotationSecret(signing.NotationTrustPolicy(t, app, signer.Subject()), notary))
	w.put("weak", signing.NotationSecret([]byte(`{"version": "1.0", "trustPolicies": [{"name": "a", "registryScopes": ["*"],
		"signatureVerification": {"level": "audit"}, "trustStores": ["ca:a"], "trustedIdentities": ["*"]}]}`), notary))
	w.put("policyless", map[string][]byte{"ca.crt": notary.PEM()})
	w.put("empty", nil)
	us := []flux.Identity{{Issuer: "^nobody$", Subject: "^nobody$"}, {Issuer: "^" + issuer + "$", Subject: "^https://github.com/acme/"}}
	const before, missing = "bad-secret: has a verify block whose Secret apps/", "no-secret: has a verify block whose Secret apps/"
	for sentence, test := range map[string]struct {
		block flux.Verify
		want  string
		asks  bool
	}{
		"a key":                           {flux.Verify{SecretRef: "keys"}, "verified as cosign-bundle", true},
		"a key beside identities":         {flux.Verify{Provider: "cosign", SecretRef: "keys", Identities: us[:1]}, "verified as cosign-bundle", true},
		"what Flux does not look at":      {flux.Verify{SecretRef: "other"}, "beside-bundles: has a good signature in the form of cosign 2, which Flux does not look at beside sigstore bundles, and none of its bundles is good; sign it anew with cosign 3", true},
		"one of two identities":           {flux.Verify{Provider: "cosign", Identities: us, TrustedRootSecretRef: "root"}, "verified as cosign-bundle", true},
		"notation":                        {flux.Verify{Provider: "notation", SecretRef: "notation"}, "verified as notation", true},
		"anybody":                         {flux.Verify{Provider: "cosign"}, "any-identity: has a verify block that names neither a secretRef nor a matchOIDCIdentity, so that anybody's signature would do", false},
		"anybody, by an expression":       {flux.Verify{Identities: []flux.Identity{{Issuer: ".*", Subject: "x"}}}, "bad-identity: has a verify block whose matchOIDCIdentity[0].issuer matches the empty text, and so anybody", false},
		"anybody, by an empty expression": {flux.Verify{Identities: []flux.Identity{{Issuer: "x"}}}, "bad-identity: has a verify block whose matchOIDCIdentity[0].subject is empty, and so matches anybody", false},
		"what is no expression":           {flux.Verify{Identities: []flux.Identity{{Issuer: "(", Subject: "x"}}}, "bad-identity: has a verify block whose matchOIDCIdentity[0].issuer is not a regular expression", false},
		"too many identities":             {flux.Verify{Identities: make([]flux.Identity, 65)}, "bad-identity: has a verify block with more than 64 entries of matchOIDCIdentity", false},
		"another provider":                {flux.Verify{Provider: "gpg"}, `unknown-provider: is verified by nothing, as the provider "gpg" is unknown`, false},
		"a Secret that is missing":        {flux.Verify{SecretRef: "none"}, missing + "none (secretRef) does not exist", false},
		"a Secret without a key":          {flux.Verify{SecretRef: "empty"}, before + "empty (secretRef) has nothing under a key that ends in .pub", false},
		"a root that is missing":          {flux.Verify{Identities: us, TrustedRootSecretRef: "none"}, missing + "none (trustedRootSecretRef) does not exist", false},
		"a Secret without a root":         {flux.Verify{Identities: us, TrustedRootSecretRef: "keys"}, before + "keys (trustedRootSecretRef) has no key trusted_root.json", false},
		"notation without a Secret":       {flux.Verify{Provider: "notation"}, "bad-secret: has a verify block for notation without a secretRef", false},
		"notation without a policy":       {flux.Verify{Provider: "notation", SecretRef: "policyless"}, before + "policyless (secretRef) has no key trustpolicy.json", false},
		"notation without a certificate":  {flux.Verify{Provider: "notation", SecretRef: "keys"}, before + "keys (secretRef) has nothing under a key that ends in .crt or .pem", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			w.Forget()
			if got := summary(w.own(verdicts.New(w.options), w.source(test.block))); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if asked := len(w.Requests()) > 0; asked != test.asks {
				t.Errorf("the registry was asked: %t, want %t", asked, test.asks)
			}
		})
	}
	w.Forget()
	if got := w.own(verdicts.New(w.options), w.source(flux.Verify{Provider: "notation", SecretRef: "weak"})); got.Reason != verify.ReasonWeakTrustPolicy {
		t.Errorf("a weak trust policy: %s", summary(got))
	}
	if asked := w.Requests(); len(asked) > 0 {
		t.Errorf("a weak trust policy made Fluxgate ask %v", asked)
	}
}

// TestAVerdictIsRememberedByWhatItWasMadeOf, and never by a tag or the name of a Secret.
func TestAVerdictIsRememberedByWhatItWasMadeOf(t *testing.T) {
	w := newWorld(t)
	key, public := w.key()
	other, otherPublic := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	w.put("same", map[string][]byte{"renamed.pub": public})
	v := verdicts.New(w.options)
	source := w.source(flux.Verify{SecretRef: "keys"})
	for _, step := range []struct {
		sentence string
		do       func()
		want     string
		new      int
	}{
		{"the first time", func() {}, "verified as cosign-bundle", 1},
		{"again", func() {}, "verified as cosign-bundle", 0},
		{"with a tag", func() { source.Ref.Tag = "v1" }, "verified as cosign-bundle", 0},
		{"with the same key in another Secret", func() { source.Verify.SecretRef = "same" }, "verified as cosign-bundle", 0},
		{"for another namespace with the same key", func() {
			w.put("../x", nil)
			w.secrets["shop/same"] = map[string][]byte{"a.pub": public}
			source.Namespace = "shop"
		}, "verified as cosign-bundle", 0},
		{"with the key rotated", func() { w.secrets["shop/same"] = map[string][]byte{"a.pub": otherPublic} },
			"wrong-key", 1},
		{"signed with the new key a moment later", func() { w.must(w.place.SignBundle(w.digest, other)) }, "wrong-key", 0},
		{"when that is forgotten", func() { w.pass(11 * time.Second) }, "verified as cosign-bundle", 1},
		{"another digest", func() {
			w.digest = w.MustPush(t, app, "v1")
			source.Ref.Digest = w.digest
		}, "unsigned", 1},
		{"with another login", func() {
			source.Ref.Digest = w.source(flux.Verify{}).Ref.Digest
			source.SecretRef = "login"
			w.secrets["shop/login"] = map[string][]byte{".dockerconfigjson": []byte(`{"auths": {"ghcr.io": {"username": "u", "password": "p"}}}`)}
		}, "unsigned", 1},
	} {
		step.do()
		got := w.own(v, source)
		shown := summary(got)
		if !got.Verified {
			shown = string(got.Reason)
		}
		if n := w.verifications(); shown != step.want || n != step.new {
			t.Errorf("%s: %s after %d verifications, want %s after %d", step.sentence, shown, n, step.want, step.new)
		}
	}
}

func TestAVerdictHasALifetime(t *testing.T) {
	w := newWorld(t)
	key, public := w.key()
	w.must(w.place.SignLegacy(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	v := verdicts.New(w.options)
	source := w.source(flux.Verify{SecretRef: "keys"})
	w.own(v, source)
	w.must(w.place.Unsign(w.digest))
	w.pass(9 * time.Minute)
	if got := w.own(v, source); !got.Verified {
		t.Errorf("after 9 minutes: %s", summary(got))
	}
	w.pass(2 * time.Minute)
	if got := w.own(v, source); got.Reason != verify.ReasonUnsigned {
		t.Errorf("a signature that was removed 11 minutes ago: %s", summary(got))
	}
}

// TestWhatIsRememberedIsBounded, and refusals push out no good verdict.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	w := newWorld(t)
	w.options.Size = 2
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	v := verdicts.New(w.options)
	good := w.source(flux.Verify{SecretRef: "keys"})
	w.own(v, good)
	for i := range 5 {
		_, stranger := w.key()
		w.put(fmt.Sprint("keys-", i), map[string][]byte{"cosign.pub": stranger})
		w.own(v, w.source(flux.Verify{SecretRef: fmt.Sprint("keys-", i)}))
	}
	w.verifications()
	for _, test := range []struct {
		secret string
		new    int
	}{{"keys", 0}, {"keys-4", 0}, {"keys-0", 1}} {
		w.own(v, w.source(flux.Verify{SecretRef: test.secret}))
		if n := w.verifications(); n != test.new {
			t.Errorf("%s took %d verifications, want %d", test.secret, n, test.new)
		}
	}
}

// TestEqualQuestionsShareAVerification, as when 500 objects of one artifact are applied at once.
func TestEqualQuestionsShareAVerification(t *testing.T) {
	w := newWorld(t)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	v := verdicts.New(w.options)
	var sources []flux.Source
	for i := range 500 {
		source := w.source(flux.Verify{SecretRef: "keys"})
		source.Namespace = fmt.Sprint("team-", i%50)
		w.secrets[source.Namespace+"/keys"] = map[string][]byte{"cosign.pub": public}
		sources = append(sources, source)
	}
	w.Forget()
	var askers sync.WaitGroup
	for _, source := range sources {
		askers.Go(func() {
			if got, err := v.Own(t.Context(), source, false); err != nil || !got.Verified {
				t.Errorf("%s: %v, %v", source.Namespace, got, err)
			}
		})
	}
	askers.Wait()
	if n := w.verifications(); n != 1 {
		t.Errorf("%d verifications, want 1", n)
	}
	if n := len(w.Requests()); n != 4 {
		t.Errorf("%d requests, want the ping, the list of referrers, a manifest and a bundle: %v", n, w.Requests())
	}
}

// TestWhatCannotBeToldIsAnError, and none of them is a missing signature.
func TestWhatCannotBeToldIsAnError(t *testing.T) {
	key := func(w *world) flux.Source {
		_, public := w.key()
		w.put("keys", map[string][]byte{"cosign.pub": public})
		return w.source(flux.Verify{SecretRef: "keys"})
	}
	class := func(c registry.Class) func(error) bool {
		return func(err error) bool {
			var failure *registry.Error
			return errors.As(err, &failure) && failure.Class == c
		}
	}
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	down := errors.New("the API server is down")
	for sentence, test := range map[string]struct {
		source func(w *world) flux.Source
		want   func(error) bool
	}{
		"a registry that is down": {func(w *world) flux.Source {
			w.Break("ghcr.io", registrytest.Down())
			return key(w)
		}, class(registry.ClassUnreachable)},
		"one that dies half-way": {func(w *world) flux.Source {
			signer, public := w.key()
			w.must(w.place.SignBundle(w.digest, signer))
			w.put("keys", map[string][]byte{"cosign.pub": public})
			w.Break("ghcr.io/acme/app/blobs", registrytest.Down())
			return w.source(flux.Verify{SecretRef: "keys"})
		}, class(registry.ClassUnreachable)},
		"one that forbids": {func(w *world) flux.Source {
			w.Break(app, registrytest.Status(http.StatusForbidden, "DENIED"))
			return key(w)
		}, class(registry.ClassUnauthorized)},
		"one that has had enough": {func(w *world) flux.Source {
			w.Break(app, registrytest.RateLimited(60))
			return key(w)
		}, class(registry.ClassRateLimited)},
		"a Secret that cannot be read": {func(w *world) flux.Source {
			w.reading = down
			return w.source(flux.Verify{SecretRef: "keys"})
		}, is(down)},
		"a login that is missing": {func(w *world) flux.Source {
			source := key(w)
			source.SecretRef = "none"
			return source
		}, class(registry.ClassCredentials)},
		"keyless without a trusted root": {func(w *world) flux.Source {
			return w.source(flux.Verify{Identities: []flux.Identity{{Issuer: "i", Subject: "s"}}})
		}, is(verify.ErrNoTrustRoot)},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			source := test.source(w)
			got, err := verdicts.New(w.options).Own(t.Context(), source, false)
			if err == nil || !test.want(err) {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}

// TestWhoeverCannotWaitLeavesTheVerdictToOthers.
func TestWhoeverCannotWaitLeavesTheVerdictToOthers(t *testing.T) {
	w := newWorld(t)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	held := make(chan struct{})
	w.Break(app+"/referrers", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
			<-held
			next.ServeHTTP(rw, req)
		})
	})
	v := verdicts.New(w.options)
	source := w.source(flux.Verify{SecretRef: "keys"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := v.Own(ctx, source, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(held)
	if got := w.own(v, source); !got.Verified {
		t.Error(summary(got))
	}
	if n := w.verifications(); n != 1 {
		t.Errorf("%d verifications, want 1", n)
	}
}

// TestADemandAsksWhoeverTheAdministratorTrusts, whatever key the object brings.
func TestADemandAsksWhoeverTheAdministratorTrusts(t *testing.T) {
	w := newWorld(t)
	tenants, tenantsPublic := w.key()
	ours, oursPublic := w.key()
	w.put("keys", map[string][]byte{"cosign.pub": tenantsPublic})
	w.must(w.place.SignBundle(w.digest, tenants))
	parsed, err := verify.ParsePublicKey(oursPublic)
	w.must(err)
	demand := verify.Demand{Cosign: &verify.Cosign{Keys: []verify.PublicKey{parsed}}}
	source := w.source(flux.Verify{SecretRef: "keys"})
	v := verdicts.New(w.options)
	if got := w.own(v, source); !got.Verified {
		t.Errorf("by the tenant's own block: %s", summary(got))
	}
	got, err := v.Demanded(t.Context(), source, false, demand)
	if err != nil || got.Reason != verify.ReasonWrongKey {
		t.Errorf("before we sign: %s, error %v", summary(got), err)
	}
	w.must(w.place.SignLegacy(w.digest, ours))
	w.pass(time.Minute)
	got, err = v.Demanded(t.Context(), source, false, demand)
	want := verify.Signature{
		Verified: true, Scheme: verify.SchemeCosignLegacy, Signers: []verify.Signer{{Fingerprint: parsed.Fingerprint}},
		BesideBundles: true, // which is nothing to a demand
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("after we sign, error %v (-want +got):\n%s", err, diff)
	}
}
