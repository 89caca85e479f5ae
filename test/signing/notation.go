// Package signing signs what a test/registrytest registry holds as its users do, by the signers' own libraries, with keys and
// authorities that it makes up.
package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// NotationAuthority issues certificates that sign for the Notary Project. Its own certificate is valid for ten years back and on.
type NotationAuthority struct {
	// Certificate is a root, or an intermediate certificate.
	Certificate *x509.Certificate
	// RevocationList is the URL of its list of revoked certificates, which every certificate names that it issues; empty means
	// that they name none.
	RevocationList string

	key     *ecdsa.PrivateKey
	issuers []*x509.Certificate // from who issued the certificate up to the root
}

// NewNotationAuthority makes a root named "CN=<name>,O=Acme,ST=WA,C=US".
func NewNotationAuthority(t registrytest.TB, name string) *NotationAuthority {
	t.Helper()
	return (*NotationAuthority)(nil).authority(t, name)
}

// Authority makes an intermediate authority.
func (a *NotationAuthority) Authority(t registrytest.TB, name string) *NotationAuthority {
	t.Helper()
	return a.authority(t, name)
}

func (a *NotationAuthority) authority(t registrytest.TB, name string) *NotationAuthority {
	t.Helper()
	made := &NotationAuthority{}
	made.Certificate, made.key, made.issuers = a.issue(t, &x509.Certificate{
		Subject: notationName(name), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: time.Now().AddDate(-10, 0, 0), NotAfter: time.Now().AddDate(10, 0, 0),
	})
	return made
}

func (a *NotationAuthority) root() *x509.Certificate {
	return append([]*x509.Certificate{a.Certificate}, a.issuers...)[len(a.issuers)]
}

// PEM is the authority's certificate.
func (a *NotationAuthority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
}

// Signer issues a certificate that signs, named "CN=<name>,O=Acme,ST=WA,C=US" and valid from an hour ago until tomorrow. The
// changes are made before it is issued.
func (a *NotationAuthority) Signer(t registrytest.TB, name string, changes ...func(*x509.Certificate)) *NotationSigner {
	t.Helper()
	template := &x509.Certificate{
		Subject: notationName(name), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 1),
	}
	for _, change := range changes {
		change(template)
	}
	certificate, key, issuers := a.issue(t, template)
	return &NotationSigner{key: key, chain: append([]*x509.Certificate{certificate}, issuers...)}
}

// Revoke makes the authority's list of revoked certificates: those of the signers. It is longer by padding, in bytes.
func (a *NotationAuthority) Revoke(t registrytest.TB, padding int, signers ...*NotationSigner) []byte {
	t.Helper()
	list := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().AddDate(0, 0, 1),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, padding)}},
	}
	for _, signer := range signers {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: signer.chain[0].SerialNumber, RevocationTime: list.ThisUpdate})
	}
	made, err := x509.CreateRevocationList(rand.Reader, list, a.Certificate, a.key)
	if err != nil {
		t.Fatalf("make a list of revoked certificates: %v", err)
	}
	return made
}

// ExpiredYesterday makes a certificate valid for the day that ended yesterday.
func ExpiredYesterday(template *x509.Certificate) {
	template.NotBefore, template.NotAfter = time.Now().AddDate(0, 0, -2), time.Now().AddDate(0, 0, -1)
}

func notationName(name string) pkix.Name {
	return pkix.Name{Country: []string{"US"}, Province: []string{"WA"}, Organization: []string{"Acme"}, CommonName: name}
}

// issue signs a template with a key of its own; a nil authority issues a root.
func (a *NotationAuthority) issue(
	t registrytest.TB, template *x509.Certificate,
) (*x509.Certificate, *ecdsa.PrivateKey, []*x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		t.Fatalf("make a serial number: %v", err)
	}
	parent, signer := template, key
	var issuers []*x509.Certificate
	if a != nil {
		parent, signer = a.Certificate, a.key
		if a.RevocationList != "" {
			template.CRLDistributionPoints = []string{a.RevocationList}
		}
		issuers = append([]*x509.Certificate{a.Certificate}, a.issuers...)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatalf("issue a certificate: %v", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("read a certificate: %v", err)
	}
	return certificate, key, issuers
}
