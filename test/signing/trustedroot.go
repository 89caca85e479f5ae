package signing

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// LogURL is where the transparency log says that it is. Nobody may ask there.
const LogURL = "https://rekor.localhost"

// TrustedRoot is the JSON of what trusts the authority: the content of trusted_root.json.
func (a *Authority) TrustedRoot() ([]byte, error) {
	certificateLog, err := a.log(a.ctKey.Public(), "https://ctfe.localhost")
	if err != nil {
		return nil, err
	}
	var logKey crypto.PublicKey
	for _, log := range a.services.RekorLogs() {
		logKey = log.PublicKey
	}
	transparencyLog, err := a.log(logKey, LogURL)
	if err != nil {
		return nil, err
	}
	trusted, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{
			Root: a.root, Intermediates: []*x509.Certificate{a.issuer}, URI: "https://fulcio.localhost",
			ValidityPeriodStart: a.since, ValidityPeriodEnd: a.until,
		}},
		certificateLog, a.services.TimestampingAuthorities(), transparencyLog)
	if err != nil {
		return nil, fmt.Errorf("make a trusted root: %w", err)
	}
	return trusted.MarshalJSON()
}

// log names a log by the hash of its key, as logs are (RFC 6962, section 3.2).
func (a *Authority) log(key crypto.PublicKey, url string) (map[string]*root.TransparencyLog, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(der)
	return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): {
		BaseURL: url, ID: id[:], ValidityPeriodStart: a.since, ValidityPeriodEnd: a.until,
		HashFunc: crypto.SHA256, PublicKey: key, SignatureHashFunc: crypto.SHA256,
	}}, nil
}
