package signatures_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/test/fluxcontrollers"
	"github.com/fluxgate/fluxgate/test/signing"
)

const verified = "  rules: [{rule: signature-verified}]\n"

// TestEachSchemeOfCosign goes through what the verify block of an object asks for: what is signed so gets in, and nothing else.
// Whatever gets in is good for Flux, too.
func TestEachSchemeOfCosign(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	ours, oursPublic := p.key()
	theirs, theirsPublic := p.key()
	p.secret("ours", map[string][]byte{"cosign.pub": oursPublic})
	p.secret("both", map[string][]byte{"a.pub": theirsPublic, "b.pub": oursPublic})
	p.secret("broken", map[string][]byte{"cosign.pub": []byte("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n")})
	root, err := stranger.TrustedRoot()
	p.must(err)
	p.secret("root", map[string][]byte{"trusted_root.json": root})
	administrators, err := sigstore.TrustedRoot()
	p.must(err)
	p.secret("administrators-root", map[string][]byte{"trusted_root.json": administrators})
	us, them := sigstore.Identity(issuer, subject), sigstore.Identity(issuer, "https://github.com/evil/app")
	expired := us
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	unlogged := us
	unlogged.Unlogged = true
	key := func(secret string) string { return "{provider: cosign, secretRef: {name: " + secret + "}}" }
	keyless := func(more, pattern string) string {
		return "{provider: cosign, matchOIDCIdentity: [{issuer: ^nobody$, subject: ^nobody$}, {issuer: '^" + issuer + "$', subject: '" + pattern + "'}]" + more + "}"
	}
	// Flux has no trusted root but the public one, and what an object names; and it takes one identity for a bundle.
	forFlux := func(verify string) string {
		verify = strings.Replace(verify, "{issuer: ^nobody$, subject: ^nobody$}, ", "", 1)
		if strings.Contains(verify, "trustedRootSecretRef") {
			return verify
		}
		return strings.Replace(verify, "matchOIDCIdentity", "trustedRootSecretRef: {name: administrators-root}, matchOIDCIdentity", 1)
	}
	me := keyless("", "^https://github.com/acme/")
	for i, test := range []struct {
		sentence, verify string
		bundle, legacy   signing.Signer
		copied           bool // from another artifact
		want             string
	}{
		{"a bundle by the key", key("ours"), ours, nil, false, ""},
		{"a legacy signature by the key", key("ours"), nil, ours, false, ""},
		{"a bundle by one of two keys", key("both"), ours, nil, false, ""},
		{"a legacy signature by the key, and a bundle by another", key("ours"), theirs, ours, false, "which Flux does not look at beside sigstore bundles"},
		{"no signature", key("ours"), nil, nil, false, "has no cosign signature"},
		{"a bundle by another key", key("ours"), theirs, nil, false, "none of which is a valid one by a key that is asked for"},
		{"a legacy signature by another key", key("ours"), nil, theirs, false, "none of which is a valid one by a key that is asked for"},
		{"a legacy signature of another artifact", key("ours"), nil, ours, true, "good, and of another artifact"},
		{"a bundle of another artifact", key("ours"), ours, nil, true, "good, and of another artifact"},
		{"a Secret that is missing", key("none"), ours, nil, false, "/none (secretRef) does not exist"},
		{"a Secret that is malformed", key("broken"), ours, nil, false, `has under "cosign.pub" no public key in PEM`},
		{"a bundle by an identity", me, us, nil, false, ""},
		{"a legacy signature by an identity", me, nil, us, false, ""},
		{"a bundle by another identity", me, them, nil, false, "https://github.com/evil/app"},
		{"a legacy signature by another identity", me, nil, them, false, "https://github.com/evil/app"},
		{"a keyless signature of another artifact", me, nil, us, true, "good, and of another artifact"},
		{"a certificate that had expired", me, expired, nil, false, "was not valid when it was made"},
		{"a signature that no log knows", me, nil, unlogged, false, "[POLICY/signature-verified] spec.verify"},
		{"an authority that nobody trusts", me, stranger.Identity(issuer, subject), nil, false, "[POLICY/signature-verified] spec.verify"},
		{"an authority that the object brings", keyless(", trustedRootSecretRef: {name: root}", "."), stranger.Identity(issuer, subject), nil, false, ""},
		{"anybody", "{provider: cosign}", us, nil, false, "so that anybody's signature would do"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			p := p.in(t)
			digest := p.artifact(fmt.Sprint("v", i))
			signed := digest
			if test.copied {
				signed = p.artifact(fmt.Sprint("other-", i))
			}
			if test.bundle != nil {
				raw, err := signing.Bundle(test.bundle, signed, "")
				p.must(err)
				p.must(p.PutBundle(digest, raw))
			}
			if test.legacy != nil {
				p.must(p.SignLegacy(signed, test.legacy))
			}
			if test.copied && test.legacy != nil {
				p.must(p.Copy(signed, digest))
			}
			source := func(verify string) *unstructured.Unstructured {
				return p.source(fmt.Sprint("app-", i), "  ref: {digest: '"+digest+"'}\n  verify: "+verify+"\n")
			}
			p.wants(test.sentence, p.apply(source(test.verify)), p.named(test.want))
			if test.want == "" {
				p.verifiedByFlux(source(forFlux(test.verify)), digest)
			}
		})
	}
}

func TestNotation(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	notary, other := signing.NewNotationAuthority(t, "acme"), signing.NewNotationAuthority(t, "evil")
	signer, stranger := notary.Signer(t, "release"), other.Signer(t, "release")
	good := signing.NotationTrustPolicy(t, p.repository, signer.Subject())
	weak := func(verification string) []byte {
		return fmt.Appendf(nil, `{"version": "1.0", "trustPolicies": [{"name": "acme", "registryScopes": ["*"], "signatureVerification": %s,
			"trustStores": ["ca:acme"], "trustedIdentities": ["x509.subject: %s"]}]}`, verification, signer.Subject())
	}
	for i, test := range []struct {
		sentence string
		policy   []byte
		by       *signing.NotationSigner
		how      signing.NotationSignature
		want     string
	}{
		{"in JWS", good, signer, signing.NotationSignature{}, ""},
		{"in COSE", good, signer, signing.NotationSignature{MediaType: signing.COSE}, ""},
		{"unsigned", good, nil, signing.NotationSignature{}, "[POLICY/signature-verified] spec.verify"},
		{"by another authority", good, stranger, signing.NotationSignature{}, "[POLICY/signature-verified] spec.verify"},
		{"expired", good, signer, signing.NotationSignature{At: time.Now().Add(-30 * time.Minute), Expiry: time.Now().Add(-10 * time.Minute)}, "expired"},
		{"a trust policy that skips", weak(`{"level": "skip"}`), signer, signing.NotationSignature{}, "skip"},
		{"one that audits", weak(`{"level": "audit"}`), signer, signing.NotationSignature{}, "audit"},
		{"one that an override weakens", weak(`{"level": "strict", "override": {"authenticity": "log"}}`), signer, signing.NotationSignature{}, "override"},
		{"none at all", nil, signer, signing.NotationSignature{}, "trustpolicy.json"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			p := p.in(t)
			digest := p.artifact(fmt.Sprint("v", i))
			if test.by != nil {
				test.by.Sign(t, world.Registry, p.repository, digest, test.how)
			}
			data := signing.NotationSecret(test.policy, notary)
			if test.policy == nil {
				delete(data, "trustpolicy.json")
			}
			p.secret(fmt.Sprint("notation-", i), data)
			spec := fmt.Sprintf("  ref: {digest: '%s'}\n  verify: {provider: notation, secretRef: {name: notation-%d}}\n", digest, i)
			source := p.source(fmt.Sprint("app-", i), spec)
			p.wants(test.sentence, p.apply(source), p.named(test.want))
			if test.want == "" {
				p.verifiedByFlux(source, digest)
			}
		})
	}
}

// TestWhateverIsPulled, manifests of Flux and of Helm, and indexes: what is signed gets in, and Flux pulls it.
func TestWhateverIsPulled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "  pin: {tags: OnChange}\n"+verified)
	ours, public := p.key()
	p.secret("ours", map[string][]byte{"cosign.pub": public})
	chart, err := world.Registry.PushChart(p.repository, "app", "1.0.0")
	p.must(err)
	index, err := world.Registry.PushIndex(p.repository, "index")
	p.must(err)
	for tag, digest := range map[string]string{"plain": p.artifact("plain"), "1.0.0": chart, "index": index} {
		source := p.source("app-"+tag, "  ref: {tag: '"+tag+"'}\n  verify: {provider: cosign, secretRef: {name: ours}}\n")
		fluxcontrollers.Mark(source)
		p.wants(tag+" before it is signed", p.apply(source), "has no cosign signature")
		p.must(p.SignBundle(digest, ours))
		p.eventually(tag+" after it is signed", func() error { return p.apply(source) })
		if got := p.stored(source, "spec", "ref", "digest"); got != digest {
			t.Errorf("%s: stored is %s, signed is %s", tag, got, digest)
		}
		p.pulledByFlux(source, digest)
	}
}

// TestTwoHundredSignatures of others hide none of ours.
func TestTwoHundredSignatures(t *testing.T) {
	t.Parallel()
	p := newPlace(t, verified)
	ours, public := p.key()
	p.secret("ours", map[string][]byte{"cosign.pub": public})
	digest := p.artifact("v1")
	var others []signing.Signer
	for range 199 {
		other, _ := p.key()
		others = append(others, other)
	}
	p.must(p.SignLegacy(digest, append([]signing.Signer{ours}, others...)...)) // the newest are looked at first
	p.wants("the oldest of 200 signatures", p.apply(p.source("app", "  ref: {digest: '"+digest+"'}\n  verify: {provider: cosign, secretRef: {name: ours}}\n")), "")
}
