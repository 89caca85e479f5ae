package cosign_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
)

func TestKindsOfKeys(t *testing.T) {
	for kind, algorithm := range map[string]protocommon.PublicKeyDetails{
		"ECDSA P-256": signing.ECDSA, "ECDSA P-384": signing.ECDSA384, "ECDSA P-521": signing.ECDSA521,
		"RSA": signing.RSA, "Ed25519": signing.Ed25519,
	} {
		for _, form := range []verify.Scheme{verify.SchemeCosignBundle, verify.SchemeCosignLegacy} {
			t.Run(kind+" "+string(form), func(t *testing.T) {
				w, s, me := newWorld(t), scheme{form: form}, newKey(t, algorithm)
				s.sign(w, w.artifact, newKey(t, algorithm), me)
				w.expect(verify.Signature{Verified: true, Scheme: form, Signers: []verify.Signer{signerOf(t, me)}},
					demandOf(t, newKey(t, signing.RSA), newKey(t, signing.ECDSA), newKey(t, signing.Ed25519), me))
				w.expect(verify.Signature{Reason: verify.ReasonWrongKey}, demandOf(t, newKey(t, algorithm)))
			})
		}
	}
}

// TestKeysAndIdentitiesDoNotStandInForEachOther: with keys nobody's identity counts, and the reverse.
func TestKeysAndIdentitiesDoNotStandInForEachOther(t *testing.T) {
	key, identity := newKey(t, signing.ECDSA), newAuthority(t).Identity(issuer, subject)
	for _, form := range []verify.Scheme{verify.SchemeCosignBundle, verify.SchemeCosignLegacy} {
		s := scheme{form: form}
		for sentence, test := range map[string]struct{ by, asked signing.Signer }{
			"a key, where an identity is asked for":  {key, identity},
			"an identity, where a key is asked for ": {identity, key},
		} {
			t.Run(sentence+" "+string(form), func(t *testing.T) {
				w := newWorld(t)
				s.sign(w, w.artifact, test.by)
				w.expect(verify.Signature{Reason: verify.ReasonWrongKey}, demandOf(t, test.asked))
				both := demandOf(t, test.by)
				if len(both.Keys) == 0 {
					both.Keys = demandOf(t, key).Keys // the identities are left in: they do not count then
					w.expect(verify.Signature{Reason: verify.ReasonWrongKey}, both)
				}
			})
		}
	}
}

func TestFormsBesideEachOther(t *testing.T) {
	me, you := newKey(t, signing.ECDSA), newKey(t, signing.ECDSA)
	good := func(scheme verify.Scheme) verify.Signature {
		return verify.Signature{Verified: true, Scheme: scheme, Signers: []verify.Signer{signerOf(t, me)}}
	}
	beside := func(s verify.Signature) verify.Signature { s.BesideBundles = true; return s }
	attestation := func(w *world, by signing.Signer) []byte {
		raw, err := signing.Bundle(by, w.artifact, "https://slsa.dev/provenance/v1")
		w.must(err)
		return raw
	}
	for sentence, test := range map[string]struct {
		sign func(w *world)
		want verify.Signature
	}{
		"a bundle before a legacy signature": {
			sign: func(w *world) { w.must(w.place.SignLegacy(w.artifact, me)); w.must(w.place.SignBundle(w.artifact, me)) },
			want: good(verify.SchemeCosignBundle)},
		"a legacy signature of mine behind a bundle of yours": {
			sign: func(w *world) {
				w.must(w.place.SignLegacy(w.artifact, me))
				w.must(w.place.SignBundle(w.artifact, you))
			},
			want: beside(good(verify.SchemeCosignLegacy))},
		"a legacy signature of mine beside an attestation of yours": {
			sign: func(w *world) {
				w.must(w.place.SignLegacy(w.artifact, me))
				w.must(w.place.PutBundle(w.artifact, attestation(w, you)))
			},
			want: beside(good(verify.SchemeCosignLegacy))},
		"a legacy signature of mine beside an attestation of mine": {
			sign: func(w *world) {
				w.must(w.place.SignLegacy(w.artifact, me))
				w.must(w.place.PutBundle(w.artifact, attestation(w, me)))
			},
			want: good(verify.SchemeCosignLegacy)},
		"a legacy signature of mine beside what is no bundle": {
			sign: func(w *world) {
				w.must(w.place.SignLegacy(w.artifact, me))
				w.must(w.place.PutBundle(w.artifact, []byte(`{}`)))
			},
			want: good(verify.SchemeCosignLegacy)},
		"what is nearer to a good one is told": {
			sign: func(w *world) {
				w.must(w.place.SignBundle(w.artifact, you))
				w.must(w.place.SignLegacy(w.other, me))
				w.must(w.place.Copy(w.other, w.artifact))
			},
			want: verify.Signature{Reason: verify.ReasonOtherArtifact}},
		"the whole tag of another artifact": {
			sign: func(w *world) { w.must(w.place.SignLegacy(w.other, me)); w.must(w.place.Copy(w.other, w.artifact)) },
			want: verify.Signature{Reason: verify.ReasonOtherArtifact}},
		"a signature that was removed": {
			sign: func(w *world) { w.must(w.place.SignLegacy(w.artifact, me)); w.must(w.place.Unsign(w.artifact)) },
			want: verify.Signature{Reason: verify.ReasonUnsigned}},
		"an attestation by my key is no signature": {
			sign: func(w *world) { w.must(w.place.PutBundle(w.artifact, attestation(w, me))) },
			want: verify.Signature{Reason: verify.ReasonUnsigned}},
		"my signature of the artifact as a blob is none of an artifact": {
			sign: func(w *world) {
				raw, err := signing.Blob(me, w.artifact)
				w.must(err)
				w.must(w.place.PutBundle(w.artifact, raw))
			},
			want: verify.Signature{Reason: verify.ReasonMalformed}},
		"a bundle of a form that Flux does not read": {
			sign: func(w *world) {
				raw, err := signing.Bundle(me, w.artifact, "")
				w.must(err)
				old := strings.Replace(string(raw), "bundle.v0.3+json", "bundle+json;version=0.2", 1)
				w.must(w.place.PutBundle(w.artifact, []byte(old)))
			},
			want: verify.Signature{Reason: verify.ReasonMalformed}},
		"an index": {
			sign: func(w *world) {
				var err error
				w.artifact, err = w.registry.PushIndex(repository, "v3")
				w.must(err)
				w.must(w.place.SignBundle(w.artifact, me))
			},
			want: good(verify.SchemeCosignBundle)},
		"an index with a legacy signature": {
			sign: func(w *world) {
				var err error
				w.artifact, err = w.registry.PushIndex(repository, "v3")
				w.must(err)
				w.must(w.place.SignLegacy(w.artifact, me))
			},
			want: good(verify.SchemeCosignLegacy)},
		"one of an index, for the whole": {
			sign: func(w *world) {
				index, err := w.registry.PushIndex(repository, "v3")
				w.must(err)
				part := w.registry.MustPush(w, repository, "v4")
				w.must(w.place.SignLegacy(part, me))
				w.must(w.place.Copy(part, index))
				w.artifact = index
			},
			want: verify.Signature{Reason: verify.ReasonOtherArtifact}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			test.sign(w)
			w.expect(test.want, demandOf(t, me))
		})
	}
}

// TestTheSameSignerIsNamed: the registry lists referrers in another order each time.
func TestTheSameSignerIsNamed(t *testing.T) {
	w := newWorld(t)
	var signers []signing.Signer
	for range 6 {
		signers = append(signers, newKey(t, signing.ECDSA))
	}
	w.must(w.place.SignBundle(w.artifact, signers...))
	demand := demandOf(t, signers...)
	want := w.mustVerify(demand)
	for range 20 {
		if diff := cmp.Diff(want, w.mustVerify(demand)); diff != "" {
			t.Fatalf("signature (-first +later):\n%s", diff)
		}
	}
}

// TestKeysThatNobodySignsWith: one of a Secret is no reason not to decide.
func TestKeysThatNobodySignsWith(t *testing.T) {
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w, me := newWorld(t), newKey(t, signing.RSA)
	w.must(w.place.SignBundle(w.artifact, me))
	odd := []verify.PublicKey{
		{Fingerprint: "sha256:00", Key: &small.PublicKey}, {Fingerprint: "sha256:01", Key: &rsa.PublicKey{}},
		{Fingerprint: "sha256:02", Key: ed25519.PublicKey{}},
	}
	w.expect(verify.Signature{Reason: verify.ReasonWrongKey}, verify.Cosign{Keys: odd[:1]})
	for _, key := range odd[1:] { // no parser makes these
		if found := w.mustVerify(verify.Cosign{Keys: []verify.PublicKey{key}}); found.Verified {
			t.Errorf("%+v", found)
		}
	}
	w.expect(verify.Signature{Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{signerOf(t, me)}},
		verify.Cosign{Keys: append(odd[:1:1], publicKey(t, me))})
}

// TestDemandsThatNoParserMakes are errors.
func TestDemandsThatNoParserMakes(t *testing.T) {
	w := newWorld(t)
	for _, key := range []any{nil, "a key"} {
		demand := verify.Cosign{Keys: []verify.PublicKey{{Fingerprint: "sha256:00", Key: key}}}
		if found, err := w.verify(demand, cosign.Options{}); found.Verified || err == nil || !strings.HasPrefix(err.Error(), "verify with the key sha256:00: ") {
			t.Errorf("%v: %+v, %v", key, found, err)
		}
	}
	if _, err := cosign.Verify(t.Context(), w.open(), "v1", demandOf(t, newKey(t, signing.ECDSA)), cosign.Options{}); err == nil {
		t.Error("a tag was verified")
	}
}

// TestAManifestWithoutItsProperType counts all the same: some registries, and proxies before them, add a charset or say nothing.
func TestAManifestWithoutItsProperType(t *testing.T) {
	for _, said := range []string{"application/vnd.oci.image.manifest.v1+json; charset=utf-8", "application/json", ""} {
		w := newWorld(t)
		key := newKey(t, signing.ECDSA)
		w.must(w.place.SignLegacy(w.artifact, key))
		w.registry.Break(repository+"/manifests", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
				next.ServeHTTP(retyped{rw, said}, req)
			})
		})
		if got := w.mustVerify(verify.Cosign{Keys: []verify.PublicKey{publicKey(t, key)}}); !got.Verified {
			t.Errorf("%q: %+v", said, got)
		}
	}
}

// retyped says another content type.
type retyped struct {
	http.ResponseWriter
	said string
}

// WriteHeader implements http.ResponseWriter.
func (r retyped) WriteHeader(status int) {
	r.Header().Set("Content-Type", r.said)
	r.ResponseWriter.WriteHeader(status)
}
