package signing

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"
)

// certify issues a certificate as Fulcio does: for ten minutes, with the issuer of the identity in an extension, and with the
// promise of the log of certificates, which is made about the same certificate without it.
func (a *Authority) certify(i Identity, key crypto.PublicKey) ([]byte, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotBefore:    orNow(i.NotBefore, 0), NotAfter: orNow(i.NotAfter, 10*time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(i.Issuer)}},
	}
	if strings.Contains(i.Subject, "://") {
		subject, err := url.Parse(i.Subject)
		if err != nil {
			return nil, err
		}
		template.URIs = []*url.URL{subject}
	} else {
		template.EmailAddresses = []string{i.Subject}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuer, key, a.key)
	if err != nil || i.Unpromised {
		return der, err
	}
	promise, err := a.promise(der)
	if err != nil {
		return nil, fmt.Errorf("log a certificate: %w", err)
	}
	template.ExtraExtensions = append(template.ExtraExtensions, promise)
	return x509.CreateCertificate(rand.Reader, template, a.issuer, key, a.key)
}

// promise is the extension with a signed certificate timestamp (RFC 6962, section 3.3).
func (a *Authority) promise(der []byte) (pkix.Extension, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return pkix.Extension{}, err
	}
	keyDER, err := x509.MarshalPKIXPublicKey(a.ctKey.Public())
	if err != nil {
		return pkix.Extension{}, err
	}
	promise := ct.SignedCertificateTimestamp{
		SCTVersion: ct.V1, LogID: ct.LogID{KeyID: sha256.Sum256(keyDER)}, Timestamp: uint64(time.Now().UnixMilli()),
	}
	signed, err := ct.SerializeSCTSignatureInput(promise, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version: ct.V1, LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{
			Timestamp: promise.Timestamp, EntryType: ct.PrecertLogEntryType,
			PrecertEntry: &ct.PreCert{
				IssuerKeyHash:  sha256.Sum256(a.issuer.RawSubjectPublicKeyInfo),
				TBSCertificate: certificate.RawTBSCertificate,
			},
		},
	}})
	if err != nil {
		return pkix.Extension{}, err
	}
	digest := sha256.Sum256(signed)
	signature, err := a.ctKey.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return pkix.Extension{}, err
	}
	promise.Signature = ct.DigitallySigned{
		Algorithm: tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA}, Signature: signature,
	}
	list, err := x509util.MarshalSCTsIntoSCTList([]*ct.SignedCertificateTimestamp{&promise})
	if err != nil {
		return pkix.Extension{}, err
	}
	packed, err := tls.Marshal(*list)
	if err != nil {
		return pkix.Extension{}, err
	}
	value, err := asn1.Marshal(packed)
	return pkix.Extension{Id: asn1.ObjectIdentifier(ctx509.OIDExtensionCTSCT), Value: value}, err
}
