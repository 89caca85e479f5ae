package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// maxAuthorities bounds the bundle: a Secret that is deleted again and again must not grow it without end.
const maxAuthorities = 8

// union gives the certificates of first, then those of second that are not among them.
func union(first, second []*x509.Certificate) []*x509.Certificate {
	all := slices.Clone(first)
	for _, cert := range second {
		if !slices.ContainsFunc(all, cert.Equal) {
			all = append(all, cert)
		}
	}
	return limit(all)
}

// limit keeps the first maxAuthorities, which are the newest: new CAs are put in front.
func limit(authorities []*x509.Certificate) []*x509.Certificate {
	return authorities[:min(len(authorities), maxAuthorities)]
}

// parseBundle reads the CAs of a PEM bundle that are not expired at now; what is no such certificate is passed over.
func parseBundle(bundle []byte, now time.Time) []*x509.Certificate {
	var authorities []*x509.Certificate
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return limit(authorities)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err == nil && block.Type == "CERTIFICATE" && cert.IsCA && now.Before(cert.NotAfter) {
			authorities = append(authorities, cert)
		}
	}
}

func encodeBundle(certs []*x509.Certificate) []byte {
	var bundle bytes.Buffer
	for _, cert := range certs {
		bundle.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	return bundle.Bytes()
}
