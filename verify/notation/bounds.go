package notation

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"

	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/tspclient-go"
	"github.com/veraison/go-cose"
)

// The limits on what certificates may cost. An envelope brings its own, and notation-core-go verifies the whole chain, twice,
// before it asks whether anybody trusts it: with a key of RSA that fills an envelope, a single verification takes seconds.
const (
	// maxChain is the number of certificates of a chain, and of a timestamp.
	maxChain = 10
	// maxRSA is the size of a key in bits, as in crypto/tls.
	maxRSA = 8192
)

// affordable reports whether it takes no more than milliseconds to verify by a certificate.
func affordable(certificate *x509.Certificate) bool {
	key, isRSA := certificate.PublicKey.(*rsa.PublicKey)
	return !isRSA || key.N.BitLen() <= maxRSA
}

// affordableChain reports whether the certificates of an envelope are few, and of keys that are not too large. It verifies
// nothing. It reads them as notation-core-go does, by the same libraries.
func affordableChain(mediaType string, envelope []byte) bool {
	chain := chainInCOSE
	if mediaType == jws.MediaTypeEnvelope {
		chain = chainInJWS
	}
	certificates := chain(envelope)
	if len(certificates) == 0 || len(certificates) > maxChain {
		return false
	}
	for _, der := range certificates {
		if certificate, err := x509.ParseCertificate(der); err != nil || !affordable(certificate) {
			return false
		}
	}
	return true
}

func chainInJWS(envelope []byte) [][]byte {
	var read struct {
		Header struct {
			Chain [][]byte `json:"x5c"`
		} `json:"header"`
	}
	if json.Unmarshal(envelope, &read) != nil {
		return nil
	}
	return read.Header.Chain
}

func chainInCOSE(envelope []byte) (chain [][]byte) {
	var message cose.Sign1Message
	if message.UnmarshalCBOR(envelope) != nil {
		return nil
	}
	certificates, _ := message.Headers.Unprotected[cose.HeaderLabelX5Chain].([]any)
	for _, one := range certificates {
		der, _ := one.([]byte)
		chain = append(chain, der)
	}
	return chain
}

// affordableTimestamp is affordableChain for the certificates of a timestamp. Whoever stores a good signature can give it
// another timestamp. One that cannot be read costs nothing.
func affordableTimestamp(token []byte) bool {
	read, err := tspclient.ParseSignedToken(token)
	if err != nil {
		return true
	}
	for _, certificate := range read.Certificates {
		if !affordable(certificate) {
			return false
		}
	}
	return len(read.Certificates) <= maxChain && len(read.SignerInfos) <= 1
}
