package imagepolicy_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	pcconfig "github.com/sigstore/policy-controller/pkg/config"

	"github.com/fluxgate/fluxgate/verify"
)

// TestHostileSignatures: whoever owns the registry stores what he likes.
func TestHostileSignatures(t *testing.T) {
	const logged = "  authorities: [{key: {data: {{.Key.PEM}}}, ctlog: {url: \"https://rekor.sigstore.dev\"}}]\n"
	const identified = "  authorities: [{" + keyless + "}]\n"
	junk := []string{"", "{", "null", "[]", `""`, "{}", "\x00", strings.Repeat("[", 1<<16)}
	annotate := func(annotations map[string]string) func(w *world) {
		return func(w *world) { w.attach(w.claim(w.digest), "AAAA", static.WithAnnotations(annotations)) }
	}
	stored := map[string]func(w *world){
		"a log entry without a body":              annotate(map[string]string{"dev.sigstore.cosign/bundle": `{"Payload": {"body": null}}`}),
		"a log entry with a body of another kind": annotate(map[string]string{"dev.sigstore.cosign/bundle": `{"Payload": {"body": [1]}}`}),
		"a log entry of nothing":                  annotate(map[string]string{"dev.sigstore.cosign/bundle": `{"Payload": {"body": "e30=", "logID": ""}}`}),
		"a timestamp of nothing":                  annotate(map[string]string{"dev.sigstore.cosign/rfc3161timestamp": `{"SignedRFC3161Timestamp": ""}`}),
		"a claim of nothing, signed":              func(w *world) { w.signPayload(w.Key, []byte(`{"critical": null}`)) },
		"a claim of a digest that is none, signed": func(w *world) {
			w.signPayload(w.Key, []byte(`{"critical":{"image":{"docker-manifest-digest":"sha256:"},"type":"cosign container image signature"}}`))
		},
	}
	for _, content := range junk {
		shown := content[:min(len(content), 8)]
		stored["the claim "+shown] = func(w *world) { w.attach([]byte(content+" "), "AAAA") }
		stored["the signed claim "+shown] = func(w *world) { w.signPayload(w.Key, []byte(content+" ")) }
		stored["the signature "+shown] = func(w *world) { w.attach(w.claim(w.digest), content) }
		for _, annotation := range []string{"dev.sigstore.cosign/bundle", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/chain", "dev.sigstore.cosign/rfc3161timestamp"} {
			stored["in "+annotation+" "+shown] = annotate(map[string]string{annotation: content})
		}
	}
	for sentence, store := range stored {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			store(w)
			for _, spec := range []string{keyed, logged, identified} {
				got, err := w.verify(w.policy(spec))
				if err != nil || got.Verified || got.Reason == "" || !strings.HasPrefix(got.Message, "is refused by ClusterImagePolicy release: ") {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
}

// TestPoliciesThatPanic: the library takes results for objects. In ValidatePolicy that panic would end the process.
func TestPoliciesThatPanic(t *testing.T) {
	const clause = "what it judges, or its policy, is malformed in a way that cannot be judged"
	w := newWorld(t)
	w.sign(w.Key)
	w.attest(w.Key, scanned, "{}")
	for sentence, test := range map[string]struct{ spec, want string }{
		"over an attestation":  {attested(regoPanics), "authority authority-0: " + clause},
		"over the authorities": {keyed + "  policy: " + regoPanics + "\n", clause},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := w.verify(w.policy(test.spec))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(refused(verify.ReasonMalformed, test.want), got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// manifest is one that is stored as it is.
type manifest []byte

func (m manifest) RawManifest() ([]byte, error)      { return m, nil }
func (manifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

func TestTooManySignatures(t *testing.T) {
	w := newWorld(t)
	w.sign(w.Key)
	tag := w.ref().Repository.Tag(strings.Replace(w.digest, ":", "-", 1) + ".sig")
	stored, err := remote.Get(tag, remote.WithTransport(w.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	many, err := v1.ParseManifest(bytes.NewReader(stored.Manifest))
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		many.Layers = append(many.Layers, many.Layers[0])
	}
	raw, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Put(tag, manifest(raw), remote.WithTransport(w.Transport())); err != nil {
		t.Fatal(err)
	}
	got, err := w.verify(w.policy(keyed))
	if err != nil {
		t.Fatal(err)
	}
	want := refused(verify.ReasonTooMany, "authority authority-0: there are more than 1000 signatures, which are not looked at: "+
		"delete the tag sha256-….sig, and sign it anew")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
}

// TestDiscoveryOfUnverifiedAttestations: with enable-oci11, the library takes attestations that it finds as referrers without
// verifying them. What the context says must not turn that on.
func TestDiscoveryOfUnverifiedAttestations(t *testing.T) {
	w := newWorld(t)
	w.bundleKeyless("eve@acme.example", scanned, "{}")
	w.Forget()
	ctx := pcconfig.ToContext(t.Context(), &pcconfig.PolicyControllerConfig{EnableOCI11: true})
	session := w.visit(ctx)
	got, err := w.policy(attested("")).Verify(ctx, session, w.digest, verify.ImagePolicyOptions{})
	if err != nil || got.Verified {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, request := range w.Requests() {
		if strings.Contains(request.Path, "/referrers/") {
			t.Errorf("referrers are asked for: %v", request)
		}
	}
}

func TestADigestThatIsNone(t *testing.T) {
	w := newWorld(t)
	session := w.visit(t.Context())
	for _, digest := range []string{"", "latest", "sha256:0", "sha256:" + strings.Repeat("g", 64), w.digest + "\n"} {
		got, err := w.policy("  authorities: [{static: {action: pass}}]\n").Verify(t.Context(), session, digest, verify.ImagePolicyOptions{})
		if err != nil || got.Verified || got.Reason != verify.ReasonNoDigest {
			t.Errorf("%q: got %+v, %v", digest, got, err)
		}
	}
}
