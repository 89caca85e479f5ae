package signing

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
)

// The kinds of keys that cosign signs with and Flux verifies with.
const (
	ECDSA    = protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
	ECDSA384 = protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_256 //nolint:staticcheck // Flux verifies over SHA-256 whatever the curve
	ECDSA521 = protocommon.PublicKeyDetails_PKIX_ECDSA_P521_SHA_256 //nolint:staticcheck // see above
	RSA      = protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256
	Ed25519  = protocommon.PublicKeyDetails_PKIX_ED25519
)

// Key signs with a key pair.
type Key struct{ pair *sign.EphemeralKeypair }

var _ Signer = Key{}

// NewKey makes a key pair.
func NewKey(kind protocommon.PublicKeyDetails) (Key, error) {
	pair, err := sign.NewEphemeralKeypair(&sign.EphemeralKeypairOptions{Algorithm: kind})
	if err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	return Key{pair: pair}, nil
}

// Public is the public key in PEM, as cosign.pub has it.
func (k Key) Public() ([]byte, error) {
	text, err := k.pair.GetPublicKeyPem()
	return []byte(text), err
}

func (k Key) bundle(statement []byte) (*protobundle.Bundle, error) {
	return sign.Bundle(content(statement), k.pair, sign.BundleOptions{})
}

func (k Key) legacy(payload []byte) (oci.Signature, error) {
	signature, _, err := k.pair.SignData(context.Background(), payload)
	if err != nil {
		return nil, err
	}
	return static.NewSignature(payload, base64.StdEncoding.EncodeToString(signature))
}
