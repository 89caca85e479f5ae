package cosign

import (
	"context"
	"testing"

	"github.com/fluxgate/fluxgate/verify"
)

// unsignedAnyhow lets all judges look at what was fetched, as search does. Nobody has ever signed what they are asked about, so that
// whatever they see is not good.
func unsignedAnyhow(t *testing.T, judges []judge, raw []byte, assess func(raw []byte, j judge) verify.Signature) {
	t.Helper()
	for _, j := range judges {
		c := candidate{assess: func(_ context.Context, raw []byte) verify.Signature { return assess(raw, j) }}
		found, err := c.look(t.Context(), fetched{raw: raw})
		if found.Verified || err != nil || found.Reason == "" || found.Message == "" {
			t.Errorf("%T: %+v, %v", j, found, err)
		}
	}
}

func FuzzBundle(f *testing.F) {
	s := load(f)
	for _, raw := range s.Bundles {
		f.Add([]byte(raw))
	}
	judges := s.judges(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		unsignedAnyhow(t, judges, raw, func(raw []byte, j judge) verify.Signature { return (&looking{digest: digestOf("a"), judge: j}).at(raw) })
	})
}

func FuzzLegacySignature(f *testing.F) {
	s := load(f)
	for _, signed := range s.Legacies {
		f.Add([]byte(signed.Payload), signed.Signature, signed.Certificate, signed.Logged)
	}
	judges := s.judges(f)
	f.Fuzz(func(t *testing.T, payload []byte, encoded, certificate, logged string) {
		unsignedAnyhow(t, judges, payload, func(raw []byte, j judge) verify.Signature {
			return assessLegacy(t.Context(), raw, annotationsOf(encoded, certificate, logged), digestOf("a"), j)
		})
	})
}

// FuzzTrustedRoot: whatever stands in a Secret is a trusted root or a sentence, and no trusted root makes anybody panic.
func FuzzTrustedRoot(f *testing.F) {
	s := load(f)
	f.Add([]byte(s.Root))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		demand := verify.Cosign{
			TrustedRoot: append([]byte{}, raw...), Identities: []verify.CertificateIdentity{{Issuer: storedIssuer, Subject: storedSubject}},
		}
		j, refusal, err := judgeOf(demand, Options{})
		switch {
		case err != nil:
			t.Fatal(err)
		case j == nil && refusal.Reason != verify.ReasonSecret:
			t.Errorf("%+v", refusal)
		case j != nil:
			unsignedAnyhow(t, []judge{j}, []byte(s.Bundles[1]), func(raw []byte, j judge) verify.Signature {
				return (&looking{digest: digestOf("a"), judge: j}).at(raw)
			})
		}
	})
}
