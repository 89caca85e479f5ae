package signing

import (
	"encoding/json"
	"fmt"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// NotationTrustPolicy is a trustpolicy.json that verifies: strict, for one repository or "*", with one trust store, and for
// the signers with one of the distinguished names.
func NotationTrustPolicy(t registrytest.TB, scope string, subjects ...string) []byte {
	t.Helper()
	statement := trustpolicy.TrustPolicy{
		Name: "acme", RegistryScopes: []string{scope}, TrustStores: []string{"ca:acme"},
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: "strict"},
	}
	for _, subject := range subjects {
		statement.TrustedIdentities = append(statement.TrustedIdentities, "x509.subject: "+subject)
	}
	content, err := json.Marshal(trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{statement}})
	if err != nil {
		t.Fatalf("write a trust policy: %v", err)
	}
	return content
}

// NotationSecret is the data of a Secret for a verify block of the provider notation: the trust policy, and a certificate for each
// authority under authority-0.crt and so on.
func NotationSecret(policy []byte, authorities ...*NotationAuthority) map[string][]byte {
	data := map[string][]byte{"trustpolicy.json": policy}
	for i, authority := range authorities {
		data[fmt.Sprintf("authority-%d.crt", i)] = authority.PEM()
	}
	return data
}
