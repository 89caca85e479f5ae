package notation_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/test/registrytest"
	"github.com/fluxgate/fluxgate/test/signing"
	"github.com/fluxgate/fluxgate/verify"
)

const (
	unlisted = "has a list of signatures that cannot be read; sign it anew, in a registry that lists referrers"
)

// TestEnvelopesThatAreNone: nothing of them counts, and nothing of them panics.
func TestEnvelopesThatAreNone(t *testing.T) {
	f := newFixture(t)
	target := f.descriptor(t, f.digest)
	inJWS := f.signer.Envelope(t, target, signing.NotationSignature{})
	inCOSE := f.signer.Envelope(t, target, signing.NotationSignature{MediaType: signing.COSE})
	without := func(field string) []byte {
		var envelope map[string]any
		if err := json.Unmarshal(inJWS, &envelope); err != nil {
			t.Fatal(err)
		}
		delete(envelope, field)
		content, err := json.Marshal(envelope)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	header := func(changes map[string]any) []byte {
		changed := protected()
		for key, value := range changes {
			if changed[key] = value; value == nil {
				delete(changed, key)
			}
		}
		return f.signer.ForgeJWS(t, changed, target)
	}
	const scheme = "io.cncf.notary.signingScheme"
	for sentence, test := range map[string]struct {
		mediaType string
		envelope  []byte
		message   string // empty where it cannot be read
	}{
		"nothing":                   {mediaType: signing.JWS},
		"nothing in COSE":           {mediaType: signing.COSE},
		"null":                      {mediaType: signing.JWS, envelope: []byte("null")},
		"a list":                    {mediaType: signing.JWS, envelope: []byte("[]")},
		"a page":                    {mediaType: "text/html", envelope: []byte("<html>")},
		"JWS that says it is COSE":  {mediaType: signing.COSE, envelope: inJWS},
		"COSE that says it is JWS":  {mediaType: signing.JWS, envelope: inCOSE},
		"JWS of another media type": {mediaType: "application/json", envelope: inJWS},
		"JWS that is cut off":       {mediaType: signing.JWS, envelope: inJWS[:len(inJWS)/2]},
		"COSE that is cut off":      {mediaType: signing.COSE, envelope: inCOSE[:len(inCOSE)/2]},
		"COSE that nests":           {mediaType: signing.COSE, envelope: bytes.Repeat([]byte{0x81}, 60<<10)},
		"JWS that nests":            {mediaType: signing.JWS, envelope: bytes.Repeat([]byte("["), 60<<10)},
		"no payload":                {mediaType: signing.JWS, envelope: without("payload")},
		"no protected header":       {mediaType: signing.JWS, envelope: without("protected")},
		"no certificates":           {mediaType: signing.JWS, envelope: without("header")},
		"no signature":              {mediaType: signing.JWS, envelope: without("signature")},
		"another signature":         {mediaType: signing.JWS, envelope: mixed(t, inJWS, header(nil), "signature"), message: broken},
		"another payload":           {mediaType: signing.JWS, envelope: mixed(t, inJWS, f.signer.ForgeJWS(t, protected(), descriptor("", nil)), "payload"), message: broken},
		"another certificate": {mediaType: signing.JWS, message: broken,
			envelope: mixed(t, inJWS, f.authority.Signer(t, "builder").Envelope(t, target, signing.NotationSignature{}), "header")},
		"the algorithm none":       {mediaType: signing.JWS, envelope: header(map[string]any{"alg": "none"})},
		"a symmetric algorithm":    {mediaType: signing.JWS, envelope: header(map[string]any{"alg": "HS256"})},
		"the wrong algorithm":      {mediaType: signing.JWS, envelope: header(map[string]any{"alg": "ES384"})},
		"another kind of payload":  {mediaType: signing.JWS, envelope: header(map[string]any{"cty": "text/plain"}), message: broken},
		"no scheme":                {mediaType: signing.JWS, envelope: header(map[string]any{scheme: nil})},
		"an unknown scheme":        {mediaType: signing.JWS, envelope: header(map[string]any{scheme: "notary.pgp"})},
		"nothing that is critical": {mediaType: signing.JWS, envelope: header(map[string]any{"crit": nil})},
		"no time":                  {mediaType: signing.JWS, envelope: header(map[string]any{"io.cncf.notary.signingTime": nil})},
		"an expiry that need not be heeded": {mediaType: signing.JWS,
			envelope: header(map[string]any{"io.cncf.notary.expiry": time.Now().AddDate(0, 0, 1)})},
		"a plugin that need not be heeded": {mediaType: signing.JWS,
			envelope: header(map[string]any{"io.cncf.notary.verificationPlugin": "acme"}), message: needsPlugin},
	} {
		t.Run(sentence, func(t *testing.T) {
			f.digest = f.MustPush(t, repository, "v1")
			signing.AttachNotation(t, f.Registry, repository, f.digest, test.mediaType, test.envelope)
			message := test.message
			if message == "" {
				message = unreadable
			}
			compare(t, verify.Unverified(verify.ReasonMalformed, message), f.verify(t, f.material(t)))
		})
	}
}

// mixed is an envelope with one part of another.
func mixed(t *testing.T, one, another []byte, part string) []byte {
	t.Helper()
	var envelope, other map[string]any
	if err := json.Unmarshal(one, &envelope); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(another, &other); err != nil {
		t.Fatal(err)
	}
	envelope[part] = other[part]
	content, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestManifestsThatAreNone: a list that leads to anything but the manifest of a signature.
func TestManifestsThatAreNone(t *testing.T) {
	blob := descriptor(signing.JWS, []byte("{}"))
	layers := func(layers ...ocispec.Descriptor) string {
		content, err := json.Marshal(map[string]any{"layers": layers})
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	negative, giant, nameless := blob, blob, blob
	negative.Size, giant.Size, nameless.Digest = -1, 1<<62, ""
	for sentence, content := range map[string]string{
		"null": "null", "text": "x", "a list": "[]", "no layers": "{}", "two layers": layers(blob, blob),
		"a layer of null": `{"layers":[null]}`, "a negative size": layers(negative), "a giant size": layers(giant), "no digest": layers(nameless),
		"a layer that is not there": layers(blob),
		"a path for a digest":       `{"layers":[{"digest":"sha256:../../../../x","size":2,"mediaType":"` + signing.JWS + `"}]}`,
		"layers of an old manifest": `{"blobs":[{}]}`,
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			f.manifest(t, ocispec.MediaTypeImageManifest, content)
			compare(t, verify.Unverified(verify.ReasonMalformed, unreadable), f.verify(t, f.material(t)))
		})
	}
}

// manifest lets the registry list a manifest with that content as a signature.
func (f *fixture) manifest(t *testing.T, mediaType, content string) {
	t.Helper()
	listed := descriptor(mediaType, []byte(content))
	f.list(t, listed)
	f.Break(repository+"/manifests/"+listed.Digest.String(), answers(mediaType, content))
}

func answers(mediaType, content string) registrytest.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = w.Write([]byte(content)) // a client that went away fails by itself
		})
	}
}

// TestManifestsOfBefore: notation once wrote artifact manifests, and notation-go still reads them.
func TestManifestsOfBefore(t *testing.T) {
	f := newFixture(t)
	f.sign(t, signing.NotationSignature{})
	envelope := f.signer.Envelope(t, f.descriptor(t, f.digest), signing.NotationSignature{})
	blob := descriptor(signing.JWS, envelope)
	content, err := json.Marshal(map[string]any{"blobs": []ocispec.Descriptor{blob}})
	if err != nil {
		t.Fatal(err)
	}
	f.manifest(t, "application/vnd.oci.artifact.manifest.v1+json", string(content))
	f.Break(repository+"/blobs/"+blob.Digest.String(), answers("application/octet-stream", string(envelope)))
	compare(t, by(t, f.authority, f.signer), f.verify(t, f.material(t)))
}

// TestManifestsHaveOneEnvelope: of two, nobody could say which counts.
func TestManifestsHaveOneEnvelope(t *testing.T) {
	f := newFixture(t)
	f.sign(t, signing.NotationSignature{})
	envelope := f.signer.Envelope(t, f.descriptor(t, f.digest), signing.NotationSignature{})
	blob := descriptor(signing.JWS, envelope)
	f.Break(repository+"/blobs/"+blob.Digest.String(), answers("application/octet-stream", string(envelope)))
	for n, want := range map[int]verify.Signature{
		1: by(t, f.authority, f.signer), 2: verify.Unverified(verify.ReasonMalformed, unreadable),
	} {
		content, err := json.Marshal(map[string]any{"layers": slices.Repeat([]ocispec.Descriptor{blob}, n)})
		if err != nil {
			t.Fatal(err)
		}
		f.manifest(t, ocispec.MediaTypeImageManifest, string(content))
		compare(t, want, f.verify(t, f.material(t)))
	}
}

// TestListsThatAreNone: whatever the registry lists.
func TestListsThatAreNone(t *testing.T) {
	for sentence, test := range map[string]struct {
		fault   registrytest.Fault
		reason  verify.Reason
		message string
	}{
		"a page to log in at":        {registrytest.Garbage(), verify.ReasonUnsigned, unsigned},
		"text":                       {answers(ocispec.MediaTypeImageIndex, "x"), verify.ReasonMalformed, unlisted},
		"null":                       {answers(ocispec.MediaTypeImageIndex, "null"), verify.ReasonUnsigned, unsigned},
		"a number":                   {answers(ocispec.MediaTypeImageIndex, `{"manifests":7}`), verify.ReasonMalformed, unlisted},
		"manifests of null":          {answers(ocispec.MediaTypeImageIndex, `{"manifests":[null]}`), verify.ReasonUnsigned, unsigned},
		"a referrer of another kind": {answers(ocispec.MediaTypeImageIndex, `{"manifests":[{"artifactType":"application/spdx+json"}]}`), verify.ReasonUnsigned, unsigned},
		"a signature without digest": {answers(ocispec.MediaTypeImageIndex, `{"manifests":[{"artifactType":"application/vnd.cncf.notary.signature"}]}`), verify.ReasonMalformed, unreadable},
		"a list that is refused":     {registrytest.Status(http.StatusMethodNotAllowed, "UNSUPPORTED"), verify.ReasonMalformed, unlisted},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			f.Break(repository+"/referrers", test.fault)
			compare(t, verify.Unverified(test.reason, test.message), f.verify(t, f.material(t)))
		})
	}
}

// TestTheArtifactIsNoSignatureOfItself, nor is a signature one of itself: what is listed is read as a signature, once.
func TestTheArtifactIsNoSignatureOfItself(t *testing.T) {
	f := newFixture(t)
	f.sign(t, signing.NotationSignature{})
	own := f.descriptor(t, f.digest)
	own.ArtifactType = "application/vnd.cncf.notary.signature"
	f.list(t, own, own)
	compare(t, verify.Unverified(verify.ReasonMalformed, unreadable), f.verify(t, f.material(t)))
}

// TestFallbackTagsThatAreNone: the tag of a registry without the list.
func TestFallbackTagsThatAreNone(t *testing.T) {
	for sentence, test := range map[string]struct {
		fault   registrytest.Fault
		reason  verify.Reason
		message string
	}{
		"an artifact":                 {answers(ocispec.MediaTypeImageManifest, "{}"), verify.ReasonUnsigned, unsigned},
		"text":                        {answers(ocispec.MediaTypeImageIndex, "x"), verify.ReasonMalformed, unlisted},
		"larger than anybody reads":   {answers(ocispec.MediaTypeImageIndex, strings.Repeat(" ", 4<<20)), verify.ReasonMalformed, unlisted},
		"a page to log in at":         {registrytest.Garbage(), verify.ReasonMalformed, unlisted},
		"an index with no signatures": {answers(ocispec.MediaTypeImageIndex, "{}"), verify.ReasonUnsigned, unsigned},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := newFixture(t)
			f.Break(repository+"/referrers", registrytest.Status(http.StatusNotFound, "NOT_FOUND"))
			f.Break(repository+"/manifests/"+strings.Replace(f.digest, ":", "-", 1), test.fault)
			compare(t, verify.Unverified(test.reason, test.message), f.verify(t, f.material(t)))
		})
	}
}

// TestTheClosestSignatureIsNamed: users read of the one that lacks least.
func TestTheClosestSignatureIsNamed(t *testing.T) {
	steps := []struct {
		reason verify.Reason
		attach func(t *testing.T, f *fixture)
	}{
		{verify.ReasonMalformed, func(t *testing.T, f *fixture) {
			signing.AttachNotation(t, f.Registry, repository, f.digest, signing.JWS, []byte("{}"))
		}},
		{verify.ReasonWrongKey, func(t *testing.T, f *fixture) {
			signing.NewNotationAuthority(t, "Acme").Signer(t, "builder").Sign(t, f.Registry, repository, f.digest, signing.NotationSignature{})
		}},
		{verify.ReasonWrongIdentity, func(t *testing.T, f *fixture) {
			f.authority.Signer(t, "intern").Sign(t, f.Registry, repository, f.digest, signing.NotationSignature{})
		}},
		{verify.ReasonExpired, func(t *testing.T, f *fixture) {
			f.sign(t, signing.NotationSignature{At: time.Now().Add(-30 * time.Minute), Expiry: time.Now().Add(-time.Minute)})
		}},
		{verify.ReasonOtherArtifact, func(t *testing.T, f *fixture) {
			f.sign(t, signing.NotationSignature{Target: f.descriptor(t, f.MustPush(t, repository, "v2"))})
		}},
	}
	for i := range steps[1:] {
		f := newFixture(t)
		for _, step := range slices.Backward(steps[i : i+2]) {
			step.attach(t, f)
		}
		if got, want := f.verify(t, f.material(t)).Reason, steps[i+1].reason; got != want {
			t.Errorf("beside %s: got %s, want %s", steps[i].reason, got, want)
		}
	}
}
