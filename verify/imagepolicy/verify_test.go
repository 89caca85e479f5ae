package imagepolicy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxgate/fluxgate/verify"
)

func TestVerifyByKey(t *testing.T) {
	w := newWorld(t)
	w.sign(w.Key)
	got, err := w.verify(w.policy("  authorities: [{key: {data: {{.Key.PEM}}}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := verify.Signature{Verified: true, Scheme: verify.SchemeImagePolicy, Signers: []verify.Signer{{Fingerprint: w.Key.Fingerprint}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
}
