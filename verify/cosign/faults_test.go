package cosign_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/cosign"
)

// TestARegistryInTrouble is never an artifact without signatures, wherever it begins.
func TestARegistryInTrouble(t *testing.T) {
	faults := map[string]registrytest.Fault{
		"goes down":             registrytest.Down(),
		"answers 500":           registrytest.Status(http.StatusInternalServerError, "UNKNOWN"),
		"wants another login":   registrytest.Status(http.StatusUnauthorized, "UNAUTHORIZED"),
		"forbids it":            registrytest.Status(http.StatusForbidden, "DENIED"),
		"wants a pause":         registrytest.RateLimited(1),
		"sends us round":        registrytest.RedirectLoop(),
		"breaks its answer off": halfway(),
	}
	me := newKey(t, signing.ECDSA)
	places := map[string]struct {
		place func(w *world) string
		sign  func(w *world, signer signing.Signer)
	}{
		"at the list of referrers":    {func(*world) string { return repository + "/referrers" }, signNothing},
		"at the manifest of a bundle": {func(*world) string { return repository + "/manifests" }, signBundle},
		"at a bundle":                 {func(*world) string { return repository + "/blobs" }, signBundle},
		"at the tag of signatures":    {func(w *world) string { return repository + "/manifests/" + signing.LegacyTag(w.artifact) }, signLegacy},
		"at a payload":                {func(*world) string { return repository + "/blobs" }, signLegacy},
	}
	for name, place := range places {
		for sentence, fault := range faults {
			t.Run(sentence+" "+name, func(t *testing.T) {
				w := newWorld(t)
				place.sign(w, me)
				w.registry.Break(place.place(w), fault)
				session := w.open()
				found, err := cosign.Verify(t.Context(), session, w.artifact, demandOf(t, me), cosign.Options{})
				if diff := cmp.Diff(verify.Signature{}, found); diff != "" {
					t.Errorf("signature (-want +got):\n%s", diff)
				}
				var failure *registry.Error
				if !errors.As(err, &failure) {
					t.Fatalf("the error is %v", err)
				}
				if diff := cmp.Diff(session.Failure().Error(), err.Error()); diff != "" {
					t.Errorf("error (-the visit's failure +got):\n%s", diff)
				}
			})
		}
	}
}

// halfway promises more than it sends.
func halfway() registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", indexType)
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"manifests":[`)) // see serving
			panic(http.ErrAbortHandler)
		})
	}
}

// TestTroubleThatDoesNotMatter: a good signature was found all the same.
func TestTroubleThatDoesNotMatter(t *testing.T) {
	me := newKey(t, signing.ECDSA)
	for sentence, place := range map[string]string{
		"the list of referrers cannot be had": repository + "/referrers",
		"a bundle cannot be had":              repository + "/blobs/",
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			raw, err := signing.Bundle(newKey(t, signing.ECDSA), w.artifact, "")
			w.must(err)
			w.must(w.place.PutBundle(w.artifact, raw))
			w.must(w.place.SignLegacy(w.artifact, me))
			if place == repository+"/blobs/" {
				place += signing.DigestOf(raw)
			}
			w.registry.Break(place, registrytest.Status(http.StatusInternalServerError, "UNKNOWN"))
			w.expect(verify.Signature{Verified: true, Scheme: verify.SchemeCosignLegacy, Signers: []verify.Signer{signerOf(t, me)}},
				demandOf(t, me))
		})
	}
}

// TestABundleThatCannotBeHadMayBeGood: others that are not good do not speak for it. Which comes first is by chance, so there are many.
func TestABundleThatCannotBeHadMayBeGood(t *testing.T) {
	w, me, you := newWorld(t), newKey(t, signing.ECDSA), newKey(t, signing.ECDSA)
	for range 8 {
		w.must(w.place.SignBundle(w.artifact, you))
	}
	raw, err := signing.Bundle(me, w.artifact, "")
	w.must(err)
	w.must(w.place.PutBundle(w.artifact, raw))
	w.must(w.place.SignLegacy(w.artifact, me))
	w.registry.Break(repository+"/blobs/"+signing.DigestOf(raw), registrytest.Status(http.StatusInternalServerError, "UNKNOWN"))
	w.expect(verify.Signature{Verified: true, Scheme: verify.SchemeCosignLegacy, Signers: []verify.Signer{signerOf(t, me)}}, demandOf(t, me))
}

// TestBundlesThatAreNotLookedAtMayBeGood: of more bundles than are looked at, nobody knows that none is good.
func TestBundlesThatAreNotLookedAtMayBeGood(t *testing.T) {
	w, me, you := newWorld(t), newKey(t, signing.ECDSA), newKey(t, signing.ECDSA)
	for range 257 {
		w.must(w.place.SignBundle(w.artifact, you))
	}
	w.must(w.place.SignLegacy(w.artifact, me))
	w.expect(verify.Signature{Verified: true, Scheme: verify.SchemeCosignLegacy, Signers: []verify.Signer{signerOf(t, me)}}, demandOf(t, me))
}

// TestWhoeverAskedHasGone: the end of a context is no verdict.
func TestWhoeverAskedHasGone(t *testing.T) {
	me := newKey(t, signing.ECDSA)
	for sentence, sign := range map[string]func(*world, signing.Signer){
		"signed": signBundle, "not signed": signNothing,
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			sign(w, me)
			session := w.open()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			found, err := cosign.Verify(ctx, session, w.artifact, demandOf(t, me), cosign.Options{})
			if found.Verified || !errors.Is(err, context.Canceled) {
				t.Errorf("%+v, %v", found, err)
			}
		})
		t.Run(sentence+", and the session is over", func(t *testing.T) {
			w := newWorld(t)
			sign(w, me)
			session := w.open()
			session.Close()
			found, err := cosign.Verify(t.Context(), session, w.artifact, demandOf(t, me), cosign.Options{})
			if found.Verified || err == nil {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}
