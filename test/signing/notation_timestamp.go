package signing

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/notaryproject/tspclient-go"
)

// timestamper is a timestamping authority (RFC 3161) whose clock stands at a time.
type timestamper struct {
	authority *NotationAuthority
	at        time.Time
}

var _ tspclient.Timestamper = (*timestamper)(nil)

// Timestamp implements tspclient.Timestamper.
func (s *timestamper) Timestamp(_ context.Context, request *tspclient.Request) (*tspclient.Response, error) {
	certificate, key, err := s.issue()
	if err != nil {
		return nil, fmt.Errorf("issue the certificate of the timestamp: %w", err)
	}
	token := timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: request.MessageImprint.HashedMessage,
		Time: s.at, Accuracy: time.Second, Nonce: request.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1},
		Certificates: append([]*x509.Certificate{s.authority.Certificate}, s.authority.issuers...), AddTSACertificate: true,
	}
	der, err := token.CreateResponseWithOpts(certificate, key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("make the timestamp: %w", err)
	}
	response := &tspclient.Response{}
	return response, response.UnmarshalBinary(der)
}

func (s *timestamper) issue() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	// The specification asks for this purpose alone, and for it to be critical, which x509 does not write by itself.
	purposes, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: notationName("timestamps"), KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: s.at.Add(-time.Hour), NotAfter: s.at.AddDate(1, 0, 0),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purposes}},
	}
	if s.authority.RevocationList != "" {
		template.CRLDistributionPoints = []string{s.authority.RevocationList}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.authority.Certificate, &key.PublicKey, s.authority.key)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}
