package verify

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
)

// What an entry is instead of what it should be.
const (
	noPublicKey   = "no public key in PEM"
	noCertificate = "no certificate in PEM or DER"
	severalKeys   = "more than one block of PEM, of which Flux reads one: give each key an entry of its own"
	oddKey        = "a key that is none of ECDSA, RSA and Ed25519"
)

// publicKey gives the fingerprint of a key.
func publicKey(content []byte) (fingerprints []string, problem string) {
	key, problem := publicKeyOf(content)
	if problem != "" {
		return nil, problem
	}
	return []string{key.Fingerprint}, ""
}

// publicKeyOf reads a key as Flux does (sigstore, UnmarshalPEMToPublicKey), but where Flux would read the first of several.
// An empty entry is no key.
func publicKeyOf(content []byte) (found PublicKey, problem string) {
	block, rest := pem.Decode(content)
	if block == nil {
		return PublicKey{}, noPublicKey
	}
	if second, _ := pem.Decode(rest); second != nil {
		return PublicKey{}, severalKeys
	}
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return PublicKey{}, noPublicKey
	}
	if err != nil {
		return PublicKey{}, noPublicKey
	}
	fingerprint, problem := fingerprintOf(key)
	return PublicKey{Fingerprint: fingerprint, Key: key}, problem
}

// certificateKeys reads all certificates of an entry: those of every block of PEM, or DER without any. Flux reads the first
// block only (source-controller, trustStore.GetCertificates).
func certificateKeys(content []byte) (fingerprints []string, problem string) {
	block, rest := pem.Decode(content)
	if block == nil {
		block = &pem.Block{Bytes: content}
	}
	for ; block != nil; block, rest = pem.Decode(rest) {
		certificates, err := x509.ParseCertificates(block.Bytes)
		if err != nil || len(certificates) == 0 {
			return nil, noCertificate
		}
		for _, certificate := range certificates {
			fingerprint, problem := fingerprintOf(certificate.PublicKey)
			if problem != "" {
				return nil, problem
			}
			fingerprints = append(fingerprints, fingerprint)
		}
	}
	return fingerprints, ""
}

// fingerprintOf encodes the key anew, so that one key has one fingerprint however it was encoded.
func fingerprintOf(key any) (fingerprint, problem string) {
	switch key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return "", oddKey
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", oddKey
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:]), ""
}
