package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	// maxKeys is far above what anybody rotates through; it bounds the work for one Secret.
	maxKeys = 64
	// maxEntry bounds what is parsed of one key of a Secret, in bytes: a bundle of certificates fits many times.
	maxEntry = 64 << 10
	// publicKeySuffix ends the keys of a Secret that hold cosign's public keys.
	publicKeySuffix = ".pub"
)

// Key is a public key that Flux verifies signatures with.
type Key struct {
	// Entry is the key of the Secret under which it stands: cosign.pub.
	Entry string
	// Fingerprint is "sha256:" with the hexadecimal SHA-256 of the key's DER SubjectPublicKeyInfo, in lower case.
	Fingerprint string
}

// SecretError says why a Secret gives no keys. It is the user's to mend, and no infrastructure error. It tells no content.
type SecretError struct {
	// Entry is the key of the Secret that is wrong; empty where it is the Secret as a whole.
	Entry string
	// Problem completes a sentence that begins with the Secret: "does not exist".
	Problem string
	// Missing: it is that there is no such Secret.
	Missing bool
}

func (e *SecretError) Error() string {
	if e.Entry == "" {
		return e.Problem
	}
	return fmt.Sprintf("has under %s %s", shown(e.Entry), e.Problem)
}

// Missing is the error of a Secret that does not exist.
func Missing() error { return &SecretError{Problem: "does not exist", Missing: true} }

// Keys returns the public keys in the data of a Secret that a verify block of a provider names, sorted by entry: all of
// those that Flux would verify with, each of which alone suffices to it. For cosign (and an empty provider) they stand
// under *.pub, for notation in the certificates under *.crt and *.pem (source-controller, verifySignature and
// makeVerifiers). Every error is a *SecretError: one entry that cannot be read is one, whatever the others hold.
func Keys(provider string, data map[string][]byte) ([]Key, error) {
	suffixes, read := []string{publicKeySuffix}, publicKey
	if provider == "notation" {
		suffixes, read = []string{".crt", ".pem"}, certificateKeys
	}
	return entries(data, suffixes, func(entry string, content []byte) (keys []Key, problem string) {
		fingerprints, problem := read(content)
		for _, fingerprint := range fingerprints {
			keys = append(keys, Key{Entry: entry, Fingerprint: fingerprint})
		}
		return keys, problem
	})
}

// PublicKeys returns the keys that Keys returns for cosign, to verify with.
func PublicKeys(data map[string][]byte) ([]PublicKey, error) {
	return entries(data, []string{publicKeySuffix}, func(_ string, content []byte) ([]PublicKey, string) {
		key, problem := publicKeyOf(content)
		return []PublicKey{key}, problem
	})
}

// entries reads what stands under keys of a Secret that end in one of the suffixes, in their order. Its error is a
// *SecretError.
func entries[T any](
	data map[string][]byte, suffixes []string, read func(entry string, content []byte) (found []T, problem string),
) ([]T, error) {
	var all []T
	for _, entry := range slices.Sorted(maps.Keys(data)) {
		if !slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(entry, suffix) }) {
			continue
		}
		if len(data[entry]) > maxEntry {
			return nil, &SecretError{Entry: entry, Problem: fmt.Sprintf("more than %d bytes", maxEntry)}
		}
		found, problem := read(entry, data[entry])
		if problem != "" {
			return nil, &SecretError{Entry: entry, Problem: problem}
		}
		if all = append(all, found...); len(all) > maxKeys {
			return nil, &SecretError{Problem: fmt.Sprintf("holds more than %d keys", maxKeys)}
		}
	}
	if len(all) == 0 {
		return nil, &SecretError{Problem: "has nothing under a key that ends in " + strings.Join(suffixes, " or ")}
	}
	return all, nil
}

// shown is the name of an entry for a message: in a file it may be anything.
func shown(entry string) string {
	const most = 64
	if len(entry) > most {
		return fmt.Sprintf("%q", entry[:most]) + "…"
	}
	return fmt.Sprintf("%q", entry)
}
