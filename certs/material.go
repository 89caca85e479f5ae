package certs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The keys of the Secret. ca.crt holds the current CA first and older ones, still valid, after it.
const (
	authorityCert = "ca.crt"
	authorityKey  = "ca.key"
	leafCert      = corev1.TLSCertKey
	leafKey       = corev1.TLSPrivateKeyKey
)

// material is what the Secret holds, read and found sound.
type material struct {
	// authorities are the CAs to trust, the current one first; never empty.
	authorities []*x509.Certificate
	// signer is the key of the current CA.
	signer crypto.Signer
	// serving is a leaf of the current CA with its key; Leaf is set.
	serving tls.Certificate
}

// encode gives the data of the Secret.
func (m *material) encode() (map[string][]byte, error) {
	signer, err := encodeKey(m.signer)
	if err != nil {
		return nil, err
	}
	key, err := encodeKey(m.serving.PrivateKey)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		authorityCert: encodeBundle(m.authorities),
		authorityKey:  signer,
		leafCert:      encodeBundle([]*x509.Certificate{m.serving.Leaf}),
		leafKey:       key,
	}, nil
}

// renew returns material that is good at now for all of names, made of data as far as that is sound, and whether it is
// different from data. Nothing in data can make it fail; an error is one of the random source.
func renew(data map[string][]byte, names []string, now time.Time) (*material, bool, error) {
	authorities, signer := decodeAuthority(data, now)
	if signer != nil && !due(authorities[0], now) {
		if serving, err := decodeLeaf(data, authorities[0], names); err == nil && !due(serving.Leaf, now) {
			return &material{authorities, signer, serving}, false, nil
		}
	} else {
		authority, fresh, err := newAuthority(now)
		if err != nil {
			return nil, false, fmt.Errorf("new CA: %w", err)
		}
		authorities, signer = limit(append([]*x509.Certificate{authority}, authorities...)), fresh
	}
	serving, err := newLeaf(authorities[0], signer, names, now)
	if err != nil {
		return nil, false, fmt.Errorf("new serving certificate: %w", err)
	}
	return &material{authorities, signer, serving}, true, nil
}

// decodeAuthority reads the CAs that are valid at now, and the key of the first; without a key that fits, signer is nil.
func decodeAuthority(data map[string][]byte, now time.Time) ([]*x509.Certificate, crypto.Signer) {
	authorities := parseBundle(data[authorityCert], now)
	if len(authorities) == 0 {
		return nil, nil
	}
	pair, err := tls.X509KeyPair(encodeBundle(authorities[:1]), data[authorityKey])
	if err != nil {
		return authorities, nil
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return authorities, nil
	}
	return authorities, signer
}

// decodeLeaf reads the serving certificate, which must be of authority and fit all of names.
func decodeLeaf(data map[string][]byte, authority *x509.Certificate, names []string) (tls.Certificate, error) {
	pair, err := tls.X509KeyPair(data[leafCert], data[leafKey])
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := pair.Leaf.CheckSignatureFrom(authority); err != nil {
		return tls.Certificate{}, err
	}
	for _, name := range names {
		if err := pair.Leaf.VerifyHostname(name); err != nil {
			return tls.Certificate{}, err
		}
	}
	return pair, nil
}

func encodeKey(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
