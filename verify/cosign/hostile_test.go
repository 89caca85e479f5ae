package cosign_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/cosign/v3/pkg/oci/static"

	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
	someDigest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// serving answers every request to a place with the same.
func serving(mediaType, content string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write([]byte(content)) // a client that went away is its own affair
		})
	}
}

// layers is the manifest of an image.
func layers(descriptors ...string) string {
	return `{"schemaVersion":2,"mediaType":"` + manifestType + `","layers":[` + strings.Join(descriptors, ",") + `]}`
}

// layer describes a payload that is not there.
func layer(size int, annotations map[string]string) string {
	text, err := json.Marshal(annotations)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"mediaType":"x","digest":%q,"size":%d,"annotations":%s}`, someDigest, size, text)
}

// TestWhatIsNoSignature: junk in the place of signatures is never good, and is the artifact's fault: whoever may push could
// otherwise make a review undecided.
func TestWhatIsNoSignature(t *testing.T) {
	long := strings.Repeat("A", 1<<20)
	type test struct {
		// referrers and tag are what those places answer; empty leaves them as they are.
		referrers, tag string
		mediaType      string // of the tag's; empty stands for an image's manifest
		want           verify.Reason
	}
	index := func(descriptors ...string) string {
		return `{"schemaVersion":2,"mediaType":"` + indexType + `","manifests":[` + strings.Join(descriptors, ",") + `]}`
	}
	named := func(digest, artifactType string) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":100,"artifactType":%q}`, manifestType, digest, artifactType)
	}
	bundleType := "application/vnd.dev.sigstore.bundle.v0.3+json"
	tests := map[string]test{
		"a tag with nothing":                     {tag: " ", want: verify.ReasonMalformed},
		"a tag with no JSON":                     {tag: "<html>", want: verify.ReasonMalformed},
		"a tag with null":                        {tag: "null", want: verify.ReasonUnsigned},
		"a tag with a list":                      {tag: "[]", want: verify.ReasonMalformed},
		"a tag without layers":                   {tag: "{}", want: verify.ReasonUnsigned},
		"a tag with layers of null":              {tag: `{"layers":null}`, want: verify.ReasonUnsigned},
		"a layer of null":                        {tag: layers("null"), want: verify.ReasonMalformed},
		"a layer without a digest":               {tag: layers(`{"size":1}`), want: verify.ReasonMalformed},
		"a layer with half a digest":             {tag: layers(`{"digest":"sha256:00"}`), want: verify.ReasonMalformed},
		"a layer with a path for a digest":       {tag: layers(`{"digest":"sha256:../../../x"}`), want: verify.ReasonMalformed},
		"a layer that is not there":              {tag: layers(layer(10, nil)), want: verify.ReasonMalformed},
		"a layer of no size":                     {tag: layers(layer(-1, nil)), want: verify.ReasonMalformed},
		"a layer that is too large":              {tag: layers(layer(1<<30, nil)), want: verify.ReasonMalformed},
		"300 layers that are not there":          {tag: layers(strings.Split(strings.Repeat(layer(10, nil)+"\n", 299)+layer(10, nil), "\n")...), want: verify.ReasonTooMany},
		"an index for the tag":                   {tag: index(), mediaType: indexType, want: verify.ReasonMalformed},
		"an index of itself":                     {tag: index(named(someDigest, "")), mediaType: indexType, want: verify.ReasonMalformed},
		"a page of HTML for the tag":             {tag: "<html>", mediaType: "text/html", want: verify.ReasonMalformed},
		"a manifest for the tag that never ends": {tag: layers(layer(1, map[string]string{"a": long, "b": long, "c": long})), want: verify.ReasonTooMany},
		"referrers of no JSON":                   {referrers: "<html>", want: verify.ReasonMalformed},
		"referrers of null":                      {referrers: "null", want: verify.ReasonUnsigned},
		"referrers without any":                  {referrers: "{}", want: verify.ReasonUnsigned},
		"a referrer of null":                     {referrers: index("null"), want: verify.ReasonMalformed},
		"a referrer without a digest":            {referrers: index(`{"artifactType":"` + bundleType + `"}`), want: verify.ReasonMalformed},
		"a referrer with half a digest":          {referrers: index(named("sha256:00", bundleType)), want: verify.ReasonMalformed},
		"a referrer that is not there":           {referrers: index(named(someDigest, bundleType)), want: verify.ReasonMalformed},
		"the same one that is not there, twice":  {referrers: index(named(someDigest, bundleType), named(someDigest, bundleType)), want: verify.ReasonMalformed},
		"a referrer of another type":             {referrers: index(named(someDigest, "application/spdx+json")), want: verify.ReasonUnsigned},
		"referrers that never end":               {referrers: `{"manifests":[],"a":"` + strings.Repeat("A", 4<<20-100) + `"}`, want: verify.ReasonTooMany},
	}
	demands := map[string]verify.Cosign{
		"with a key": demandOf(t, newKey(t, signing.ECDSA)), "keyless": demandOf(t, newAuthority(t).Identity(issuer, subject)),
	}
	w := newWorld(t)
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			w.T = t
			places := map[string]registrytest.Fault{repository + "/referrers": nil, repository + "/manifests/" + signing.LegacyTag(w.artifact): nil}
			if test.referrers != "" {
				places[repository+"/referrers"] = serving(indexType, test.referrers)
			}
			if test.tag != "" {
				mediaType := manifestType
				if test.mediaType != "" {
					mediaType = test.mediaType
				}
				places[repository+"/manifests/"+signing.LegacyTag(w.artifact)] = serving(mediaType, test.tag)
			}
			for place, fault := range places {
				w.registry.Break(place, fault)
			}
			got := map[string]verify.Reason{}
			for name, demand := range demands {
				found := w.mustVerify(demand)
				if found.Verified {
					t.Errorf("%s it was verified: %+v", name, found)
				}
				got[name] = found.Reason
			}
			if diff := cmp.Diff(map[string]verify.Reason{"with a key": test.want, "keyless": test.want}, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMoreThanIsRead: bundles that are each small enough, and together more than a session reads.
func TestMoreThanIsRead(t *testing.T) {
	w := newWorld(t)
	for i := range 70 {
		w.must(w.place.PutBundle(w.artifact, []byte(strings.Repeat("A", 255<<10)+strconv.Itoa(i))))
	}
	w.expect(verify.Signature{Reason: verify.ReasonTooMany}, demandOf(t, newKey(t, signing.ECDSA)))
}

// TestJunkBesideAGoodSignature keeps nobody from being verified.
func TestJunkBesideAGoodSignature(t *testing.T) {
	for name, s := range schemes(t) {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			payload := []byte(`{}`)
			for _, encoded := range []string{"!", "", "AAAA"} {
				for _, option := range []static.Option{
					static.WithCertChain([]byte("no certificate"), nil), static.WithCertChain([]byte(strings.Repeat("A", 100<<10)), nil),
					static.WithAnnotations(map[string]string{static.BundleAnnotationKey: "{"}),
					static.WithAnnotations(map[string]string{static.BundleAnnotationKey: "null"}),
					static.WithAnnotations(map[string]string{static.BundleAnnotationKey: `{"Payload":{"body":5}}`}),
					static.WithAnnotations(map[string]string{static.BundleAnnotationKey: `{"Payload":{"body":"bnVsbA=="}}`}),
				} {
					junk, err := static.NewSignature(payload, encoded, option)
					w.must(err)
					w.must(w.place.PutLegacy(w.artifact, junk))
				}
			}
			for _, junk := range []string{"", "null", "{}", "[]", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, strings.Repeat("A", 300<<10)} {
				w.must(w.place.PutBundle(w.artifact, []byte(junk)))
			}
			w.expect(verify.Signature{Reason: verify.ReasonWrongKey}, demandOf(t, s.me))
			s.sign(w, w.artifact, s.me)
			w.expect(verify.Signature{Verified: true, Scheme: s.form, Signers: []verify.Signer{signerOf(t, s.me)}}, demandOf(t, s.me))
		})
	}
}
