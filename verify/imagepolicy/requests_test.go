package imagepolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRequests shows what a cold verification asks the registry for, but for the login, however many authorities there are: the
// tag of the signatures and one blob for each; or the referrers and two requests for each bundle.
func TestRequests(t *testing.T) {
	const getTag, getBlob = "GET manifests/sha256-….sig", "GET blobs/sha256:…"
	for sentence, test := range map[string]struct {
		stored func(w *world)
		spec   string
		want   []string
	}{
		"a key":      {byKey, keyed, []string{getTag, getBlob}},
		"not signed": {func(*world) {}, keyed, []string{getTag}},
		"the first of two keys": {
			byKey, eitherKey, []string{getTag, getBlob}},
		"the second of two keys": {func(w *world) { w.sign(w.Eve) }, eitherKey, []string{getTag, getBlob}},
		"neither of two keys":    {func(*world) {}, eitherKey, []string{getTag}},
		"a static authority":     {byKey, "  authorities: [{static: {action: pass}}]\n", nil},
		"a keyless signature": {
			func(w *world) { w.signKeyless(w.VirtualSigstore, subject, issuer, true) }, "  authorities: [{" + keyless + "}]\n", []string{getTag, getBlob}},
		"an attestation": {
			func(w *world) { w.attest(w.Key, scanned, "{}") }, attested(""), []string{"GET manifests/sha256-….att", getBlob}},
		"a bundle": {
			func(w *world) { w.bundleKeyless(subject, scanned, "{}") },
			"  authorities: [{signatureFormat: bundle, " + keyless + ", attestations: [{name: scan, predicateType: \"" + scanned + "\"}]}]\n",
			[]string{"GET referrers/sha256:…", "GET manifests/sha256:…", getBlob}},
		"what is refused without asking": {
			byKey, "  authorities: [{key: {data: {{.Key.PEM}}}, signatureFormat: bundle}]\n", nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			test.stored(w)
			w.Forget()
			if _, err := w.verify(w.policy(test.spec)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, request := range w.Requests() {
				if request.Path == "/v2/" {
					continue
				}
				rest := strings.TrimPrefix(request.Path, "/v2/acme/app/")
				kind, reference, _ := strings.Cut(rest, "/")
				if len(reference) > 70 {
					reference = reference[:7] + "…" + reference[71:]
				}
				got = append(got, fmt.Sprintf("%s %s/%s", request.Method, kind, reference))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
