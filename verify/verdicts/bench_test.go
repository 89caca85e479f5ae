package verdicts_test

import (
	"testing"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/verify"
	"github.com/fluxgate/fluxgate/verify/verdicts"
)

// BenchmarkRemembered is what a verdict costs that is remembered: by a verify block with a key, and by a demand.
func BenchmarkRemembered(b *testing.B) {
	w := newWorld(b)
	key, public := w.key()
	w.must(w.place.SignBundle(w.digest, key))
	w.put("keys", map[string][]byte{"cosign.pub": public})
	parsed, err := verify.ParsePublicKey(public)
	w.must(err)
	v := verdicts.New(w.options)
	source := w.source(flux.Verify{SecretRef: "keys"})
	demand := verify.Demand{Cosign: &verify.Cosign{Keys: []verify.PublicKey{parsed}}}
	for name, ask := range map[string]func() (verify.Signature, error){
		"block":  func() (verify.Signature, error) { return v.Own(b.Context(), source, false) },
		"demand": func() (verify.Signature, error) { return v.Demanded(b.Context(), source, false, demand) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found, err := ask(); err != nil || !found.Verified {
					b.Fatal(found, err)
				}
			}
		})
	}
}
