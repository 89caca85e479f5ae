package verify

import "strings"

// The entries of a Secret that a verify block reads beside keys and certificates.
const (
	// EntryTrustPolicy is what notation's trust policy stands under (source-controller, notation.DefaultTrustPolicyKey).
	EntryTrustPolicy = "trustpolicy.json"
	// EntryTrustedRoot is what the Secret of trustedRootSecretRef has its trusted root under.
	EntryTrustedRoot = "trusted_root.json"
)

// Entries leaves of the data of a Secret what a verify block reads. All of it is public.
func Entries(data map[string][]byte) map[string][]byte {
	public := map[string][]byte{}
	for entry, content := range data {
		if IsEntry(entry) {
			public[entry] = content
		}
	}
	return public
}

// IsEntry reports whether a verify block reads an entry of a Secret.
func IsEntry(entry string) bool {
	for _, suffix := range []string{".pub", ".crt", ".pem"} {
		if strings.HasSuffix(entry, suffix) {
			return true
		}
	}
	return entry == EntryTrustPolicy || entry == EntryTrustedRoot
}
