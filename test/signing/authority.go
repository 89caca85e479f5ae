package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"github.com/sigstore/sigstore-go/pkg/testing/ca"
)

// Authority is a sigstore: an authority that certifies identities, a log of its certificates, a transparency log, and an
// authority for timestamps.
type Authority struct {
	services     *ca.VirtualSigstore // the transparency log and the timestamps
	root, issuer *x509.Certificate
	key, ctKey   *ecdsa.PrivateKey
	since, until time.Time
}

// NewAuthority makes an authority that is trusted by nobody but by its trusted root.
func NewAuthority() (*Authority, error) {
	services, err := ca.NewVirtualSigstore()
	if err != nil {
		return nil, fmt.Errorf("make a sigstore: %w", err)
	}
	a := &Authority{services: services, since: time.Now().Add(-48 * time.Hour), until: time.Now().Add(48 * time.Hour)}
	rootKey, err := newKey()
	if err != nil {
		return nil, err
	}
	if a.key, err = newKey(); err != nil {
		return nil, err
	}
	if a.ctKey, err = newKey(); err != nil {
		return nil, err
	}
	root := a.template("signing test root")
	if a.root, err = issue(root, root, rootKey, rootKey); err != nil {
		return nil, err
	}
	issuer := a.template("signing test issuer")
	issuer.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	if a.issuer, err = issue(issuer, a.root, a.key, rootKey); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Authority) template(commonName string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName, Organization: []string{"fluxgate"}},
		NotBefore: a.since, NotAfter: a.until,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func issue(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, fmt.Errorf("issue a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}
