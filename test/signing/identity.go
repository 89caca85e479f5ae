package signing

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"time"

	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/cosign/v3/pkg/oci/static"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
)

// Identity signs keyless: with a key of the moment, which an authority certifies for it.
type Identity struct {
	// Authority certifies, and logs.
	Authority *Authority
	// Issuer and Subject (an email address, or a URL) are what is certified.
	Issuer, Subject string
	// NotBefore and NotAfter are the certificate's; zero is now, and ten minutes later.
	NotBefore, NotAfter time.Time
	// Logged is when the transparency log says that it was told; zero is now.
	Logged time.Time
	// Unlogged leaves the transparency log out, and Unpromised that of certificates.
	Unlogged, Unpromised bool
	// Untimed makes an entry of the transparency log without a time, as Rekor v2 does, and Timestamped adds a timestamp. They are
	// for bundles.
	Untimed, Timestamped bool
}

var _ Signer = Identity{}

// Identity is an identity with all that is needed to trust it.
func (a *Authority) Identity(issuer, subject string) Identity {
	return Identity{Authority: a, Issuer: issuer, Subject: subject}
}

func (i Identity) bundle(statement []byte) (*protobundle.Bundle, error) {
	pair, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	options := sign.BundleOptions{CertificateProvider: i}
	if !i.Unlogged {
		options.TransparencyLogs = []sign.Transparency{i}
	}
	signed, err := sign.Bundle(content(statement), pair, options)
	if err != nil || !i.Timestamped {
		return signed, err
	}
	stamp, err := i.Authority.services.TimestampResponse(signed.GetDsseEnvelope().GetSignatures()[0].GetSig())
	if err != nil {
		return nil, err
	}
	signed.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{
		Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamp}},
	}
	return signed, nil
}

// GetCertificate implements sign.CertificateProvider.
func (i Identity) GetCertificate(_ context.Context, pair sign.Keypair, _ *sign.CertificateProviderOptions) ([]byte, error) {
	return i.Authority.certify(i, pair.GetPublicKey())
}

// GetTransparencyLogEntry implements sign.Transparency.
func (i Identity) GetTransparencyLogEntry(_ context.Context, certificate []byte, signed *protobundle.Bundle) error {
	entry, err := i.Authority.logEnvelope(i, certificate, signed.GetDsseEnvelope())
	if err != nil {
		return err
	}
	signed.VerificationMaterial.TlogEntries = append(signed.VerificationMaterial.TlogEntries, entry)
	return nil
}

func (i Identity) legacy(payload []byte) (oci.Signature, error) {
	if i.Untimed || i.Timestamped {
		return nil, errors.New("legacy signatures have no such entries and timestamps")
	}
	pair, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	signature, _, err := pair.SignData(context.Background(), payload)
	if err != nil {
		return nil, err
	}
	der, err := i.Authority.certify(i, pair.GetPublicKey())
	if err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	options := []static.Option{static.WithCertChain(certificate, i.Authority.chain())}
	if !i.Unlogged {
		logged, err := i.Authority.logSignature(i, certificate, payload, signature)
		if err != nil {
			return nil, err
		}
		options = append(options, static.WithBundle(logged))
	}
	return static.NewSignature(payload, base64.StdEncoding.EncodeToString(signature), options...)
}

func (a *Authority) chain() []byte {
	var chain []byte
	for _, certificate := range []*x509.Certificate{a.issuer, a.root} {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return chain
}

func orNow(at time.Time, later time.Duration) time.Time {
	if at.IsZero() {
		return time.Now().Add(later)
	}
	return at
}
