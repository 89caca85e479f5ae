package signing

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// ForgeJWS signs a descriptor under whatever protected header, with the signer's key and without any of the checks that
// an honest signer's library makes.
func (s *NotationSigner) ForgeJWS(t registrytest.TB, protected map[string]any, target ocispec.Descriptor) []byte {
	t.Helper()
	encode := func(value any) string {
		content, err := json.Marshal(value)
		if err != nil {
			t.Fatalf("write a part of an envelope: %v", err)
		}
		return base64.RawURLEncoding.EncodeToString(content)
	}
	header, payload := encode(protected), encode(map[string]any{"targetArtifact": target})
	sum := sha256.Sum256([]byte(header + "." + payload))
	first, second, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		t.Fatalf("sign an envelope: %v", err)
	}
	signature := make([]byte, 64) // RFC 7518, 3.4
	first.FillBytes(signature[:32])
	second.FillBytes(signature[32:])
	var chain [][]byte
	for _, certificate := range s.chain {
		chain = append(chain, certificate.Raw)
	}
	envelope, err := json.Marshal(map[string]any{
		"protected": header, "payload": payload, "signature": base64.RawURLEncoding.EncodeToString(signature),
		"header": map[string]any{"x5c": chain},
	})
	if err != nil {
		t.Fatalf("write an envelope: %v", err)
	}
	return envelope
}
