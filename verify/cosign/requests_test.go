package cosign_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

// TestRequests counts all that is sent after the login. It is the least that can tell:
//   - a bundle is found by one list of referrers and, as the list names a manifest, fetched by two requests more;
//   - a legacy signature is under one tag, and the manifest there has all of it but its payload, which is signed. That there
//     is no bundle must have been asked before, as with Flux;
//   - that there is nothing is known only when both places were asked.
//
// Whether it was signed with a key or keyless makes no difference: a keyless signature brings its certificate and its entry of
// the log along. A registry without the API for referrers costs one request more, for the tag that stands in for it.
func TestRequests(t *testing.T) {
	const (
		referrers, bundle, payload = "list of referrers", "manifest of the bundle", "blob"
		fallback, tag              = "tag of referrers", "tag of signatures"
	)
	key, identity := newKey(t, signing.ECDSA), newAuthority(t).Identity(issuer, subject)
	for sentence, test := range map[string]struct {
		signer        signing.Signer
		sign          func(w *world, signer signing.Signer)
		without       bool // the registry has no API for referrers
		want          []string
		demandAnother bool
	}{
		"a bundle of a key":    {signer: key, sign: signBundle, want: []string{referrers, bundle, payload}},
		"a keyless bundle":     {signer: identity, sign: signBundle, want: []string{referrers, bundle, payload}},
		"a signature of a key": {signer: key, sign: signLegacy, want: []string{referrers, tag, payload}},
		"a keyless signature":  {signer: identity, sign: signLegacy, want: []string{referrers, tag, payload}},
		"nothing, with a key":  {signer: key, sign: signNothing, want: []string{referrers, tag}},
		"nothing, and keyless": {signer: identity, sign: signNothing, want: []string{referrers, tag}},
		"a bundle of another key": {
			signer: key, sign: signBundle, demandAnother: true, want: []string{referrers, bundle, payload, tag}},
		"a bundle, without the API": {
			signer: key, sign: signBundle, without: true, want: []string{referrers, fallback, bundle, payload}},
		"a signature, without the API": {
			signer: key, sign: signLegacy, without: true, want: []string{referrers, fallback, tag, payload}},
		"nothing, without the API": {signer: key, sign: signNothing, without: true, want: []string{referrers, fallback, tag}},
		"an SBOM beside a bundle costs nothing": {
			signer: key, want: []string{referrers, bundle, payload},
			sign: func(w *world, signer signing.Signer) {
				signBundle(w, signer)
				w.must(w.place.PutReferrer(w.artifact, "application/spdx+json"))
			}},
		"the same payload, signed by three": {
			signer: key, want: []string{referrers, tag, payload},
			sign: func(w *world, signer signing.Signer) {
				w.must(w.place.SignLegacy(w.artifact, newKey(w, signing.ECDSA), newKey(w, signing.ECDSA), signer))
			}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			if test.without {
				w.registry.Break(repository+"/referrers", registrytest.Status(http.StatusNotFound, "NOT_FOUND"))
				w.place = w.place.WithoutReferrers()
			}
			test.sign(w, test.signer)
			demand := demandOf(t, test.signer)
			if test.demandAnother {
				demand = demandOf(t, newKey(t, signing.ECDSA))
			}
			w.mustVerify(demand)
			var got []string
			for _, sent := range w.registry.Requests() {
				path := strings.TrimPrefix(sent.Path, "/v2/acme/app/")
				names := map[string]string{
					"referrers/" + w.artifact:                               referrers,
					"manifests/" + signing.LegacyTag(w.artifact):            tag,
					"manifests/" + strings.Replace(w.artifact, ":", "-", 1): fallback,
				}
				name := names[path]
				switch {
				case strings.HasPrefix(path, "manifests/sha256:"):
					name = bundle
				case strings.HasPrefix(path, "blobs/sha256:"):
					name = payload
				}
				if sent.Method != http.MethodGet || name == "" {
					name = sent.Method + " " + path
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func signBundle(w *world, signer signing.Signer) { w.must(w.place.SignBundle(w.artifact, signer)) }
func signLegacy(w *world, signer signing.Signer) { w.must(w.place.SignLegacy(w.artifact, signer)) }
func signNothing(*world, signing.Signer)         {}

// TestManySignatures: of 200 good ones only the last is by the right key.
func TestManySignatures(t *testing.T) {
	me := newKey(t, signing.ECDSA)
	var crowd []signing.Signer
	for range 199 {
		crowd = append(crowd, newKey(t, signing.ECDSA))
	}
	for name, test := range map[string]struct {
		form verify.Scheme
		// Of a crowd with one payload, nothing is fetched twice.
		most int
	}{
		"bundles":           {form: verify.SchemeCosignBundle, most: 401},
		"legacy signatures": {form: verify.SchemeCosignLegacy, most: 3},
	} {
		s := scheme{form: test.form}
		for place, signers := range map[string][]signing.Signer{
			"mine is the last": append(slices.Clone(crowd), me), "mine is the first": append([]signing.Signer{me}, crowd...),
		} {
			t.Run(name+", "+place, func(t *testing.T) {
				w := newWorld(t)
				s.sign(w, w.artifact, signers...)
				w.expect(verify.Signature{Verified: true, Scheme: test.form, Signers: []verify.Signer{signerOf(t, me)}}, demandOf(t, me))
				if sent := len(w.registry.Requests()); sent > test.most {
					t.Errorf("sent %d requests, want at most %d", sent, test.most)
				}
			})
		}
		t.Run(name+", and there are too many", func(t *testing.T) {
			w := newWorld(t)
			s.sign(w, w.artifact, append(slices.Clone(crowd), crowd[:58]...)...)
			w.expect(verify.Signature{Reason: verify.ReasonTooMany}, demandOf(t, me))
		})
	}
}
