package signing

import (
	"encoding/json"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/signature/payload"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// Signer is whoever signs: a Key, or an Identity.
type Signer interface {
	bundle(statement []byte) (*protobundle.Bundle, error)
	legacy(payload []byte) (oci.Signature, error)
}

// Bundle returns the JSON of a bundle about the artifact of a digest, as cosign sign makes it. Another predicate than "" makes it an
// attestation, and none of a signature.
func Bundle(signer Signer, digest, predicate string) ([]byte, error) {
	if predicate == "" {
		predicate = types.CosignSignPredicateType
	}
	algorithm, hex, _ := strings.Cut(digest, ":")
	statement, err := protojson.Marshal(&intoto.Statement{
		Type:          intoto.StatementTypeUri,
		Subject:       []*intoto.ResourceDescriptor{{Digest: map[string]string{algorithm: hex}}},
		PredicateType: predicate,
		Predicate:     &structpb.Struct{},
	})
	if err != nil {
		return nil, err
	}
	signed, err := signer.bundle(statement)
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(signed)
}

// Blob returns the JSON of a bundle as cosign sign-blob makes it of a file: here, of one with a digest.
func Blob(key Key, digest string) ([]byte, error) {
	signed, err := sign.Bundle(&sign.PlainData{Data: []byte(digest)}, key.pair, sign.BundleOptions{})
	if err != nil {
		return nil, err
	}
	return protojson.Marshal(signed)
}

// Legacy returns a signature of an artifact, as cosign sign made it before version 3.
func Legacy(signer Signer, artifact name.Digest) (oci.Signature, error) {
	text, err := json.Marshal(payload.Cosign{Image: artifact})
	if err != nil {
		return nil, err
	}
	return signer.legacy(text)
}

func content(statement []byte) sign.Content {
	return &sign.DSSEData{Data: statement, PayloadType: types.IntotoPayloadType}
}
