package notation

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/notaryproject/notation-go/verifier/truststore"

	"github.com/fluxgate/fluxgate/verify"
)

// maxCertificates is far above what anybody trusts; it bounds the work for one signature.
const maxCertificates = 64

// store is the trust store of a Secret.
type store struct {
	certificates []*x509.Certificate
	// fingerprints are those of the certificates' keys, in the same order.
	fingerprints []string
	// ignored: an entry holds more certificates than the one that is read.
	ignored bool
}

var _ truststore.X509TrustStore = (*store)(nil)

// GetCertificates implements truststore.X509TrustStore: all certificates, whatever type of store and name the policy names
// (source-controller, trustStore.GetCertificates).
func (s *store) GetCertificates(context.Context, truststore.Type, string) ([]*x509.Certificate, error) {
	return s.certificates, nil
}

// fingerprint is that of the key of a certificate of the store.
func (s *store) fingerprint(trusted *x509.Certificate) string {
	for i, certificate := range s.certificates {
		if certificate.Equal(trusted) {
			return s.fingerprints[i]
		}
	}
	return ""
}

// readCertificates reads of each entry the first block of PEM, or DER without any, as source-controller does. Unlike there, an
// entry without a certificate spoils the others, as it does for verify.Keys.
func readCertificates(entries map[string][]byte) (read *store, problem string) {
	read = &store{}
	for _, entry := range slices.Sorted(maps.Keys(entries)) {
		der := entries[entry]
		if block, rest := pem.Decode(der); block != nil {
			der = block.Bytes
			if second, _ := pem.Decode(rest); second != nil {
				read.ignored = true
			}
		}
		keys, err := verify.Keys("notation", map[string][]byte{entry: der})
		if err != nil {
			return nil, remedied(err)
		}
		certificates, err := x509.ParseCertificates(der)
		if err != nil || len(certificates) != len(keys) { // verify.Keys has read the same
			return nil, remedied(&verify.SecretError{Entry: entry, Problem: "no certificate in PEM or DER"})
		}
		for i, certificate := range certificates {
			if !affordable(certificate) {
				return nil, remedied(&verify.SecretError{Entry: entry, Problem: fmt.Sprintf("a key of more than %d bits", maxRSA)})
			}
			read.certificates = append(read.certificates, certificate)
			read.fingerprints = append(read.fingerprints, keys[i].Fingerprint)
		}
	}
	switch {
	case len(read.certificates) == 0:
		return nil, remedied(&verify.SecretError{Problem: "has nothing under a key that ends in .crt or .pem"})
	case len(read.certificates) > maxCertificates:
		return nil, fmt.Sprintf("holds more than %d certificates; leave those that sign", maxCertificates)
	}
	return read, ""
}

// remedied adds to what is wrong how to mend it.
func remedied(err error) string {
	remedy := "; put the certificates of the authorities there whose signatures count, one under each key"
	if found := (*verify.SecretError)(nil); errors.As(err, &found) && found.Entry != "" {
		remedy = "; put the certificate of an authority there, or take the key out"
	}
	return err.Error() + remedy
}
