package verify

import (
	"errors"
)

// ParsePublicKey reads one public key in PEM, with the rules of Keys. Its error completes a sentence that begins with the key.
func ParsePublicKey(pem []byte) (PublicKey, error) {
	if len(pem) > maxEntry {
		return PublicKey{}, errors.New("more than 65536 bytes")
	}
	key, problem := publicKeyOf(pem)
	if problem != "" {
		return PublicKey{}, errors.New(problem)
	}
	return key, nil
}
