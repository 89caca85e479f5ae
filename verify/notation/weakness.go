package notation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
)

// required are the verifications that a trust policy must enforce, and what would do without them. Revocation is not among
// them: whether it can be told depends on servers that nobody here chose.
func required() []struct {
	check       trustpolicy.ValidationType
	consequence string
} {
	return []struct {
		check       trustpolicy.ValidationType
		consequence string
	}{
		{trustpolicy.TypeIntegrity, "a broken signature"},
		{trustpolicy.TypeAuthenticity, "a signature by anybody"},
		{trustpolicy.TypeAuthenticTimestamp, "a signature by a certificate that has expired"},
		{trustpolicy.TypeExpiry, "an expired signature"},
	}
}

// weakness says what of a statement lets pass what is not verified, where that stands in trustpolicy.json, and what to write
// there; empty where nothing does. What counts is what is enforced after the override.
func weakness(statement *trustpolicy.TrustPolicy, path string) string {
	faults := append(unenforced(statement.SignatureVerification, path+".signatureVerification"), identities(statement, path)...)
	if len(faults) == 0 {
		return ""
	}
	return "counts as unsigned, by the trustpolicy.json of its verify block: " + strings.Join(faults, "; and ")
}

func unenforced(written trustpolicy.SignatureVerification, path string) (faults []string) {
	effective, err := written.GetVerificationLevel()
	if err != nil { // the policy would not have been valid
		return []string{path + ` is not valid; write {"level": "strict"}`}
	}
	if effective.Name == trustpolicy.LevelSkip.Name {
		return []string{path + `.level is "skip", which verifies nothing; write "strict"`}
	}
	var byLevel []string
	for _, one := range required() {
		if effective.Enforcement[one.check] == trustpolicy.ActionEnforce {
			continue
		}
		action, overridden := written.Override[one.check]
		if !overridden {
			byLevel = append(byLevel, one.consequence)
			continue
		}
		faults = append(faults, fmt.Sprintf(`%s.override.%s is %q, so that %s would do; write "enforce"`,
			path, one.check, action, one.consequence))
	}
	if byLevel != nil {
		faults = slices.Insert(faults, 0, fmt.Sprintf(`%s.level is %q, so that %s would do; write "strict"`,
			path, written.VerificationLevel, strings.Join(byLevel, " or ")))
	}
	return faults
}

func identities(statement *trustpolicy.TrustPolicy, path string) []string {
	if !slices.Contains(statement.TrustedIdentities, "*") {
		return nil
	}
	return []string{path + `.trustedIdentities is ["*"], so that a signature by any certificate of the authorities would do; ` +
		`name whose signatures count, like "x509.subject: C=US, ST=WA, O=Acme"`}
}

// uselessness says what of a statement keeps every signature from counting.
func uselessness(statement *trustpolicy.TrustPolicy, path string) string {
	const head = "cannot be verified: in the trustpolicy.json of its verify block "
	named := func(prefixes ...string) func(string) bool {
		return func(value string) bool {
			prefix, _, _ := strings.Cut(value, ":")
			return slices.Contains(prefixes, prefix)
		}
	}
	if !slices.ContainsFunc(statement.TrustStores, named(string(truststore.TypeCA), string(truststore.TypeSigningAuthority))) {
		return head + path + `.trustStores names no store of those who sign; add one like "ca:acme"`
	}
	if !slices.ContainsFunc(statement.TrustedIdentities, named("x509.subject")) {
		return head + path + ".trustedIdentities names only what a plugin would understand, and plugins are never run; " +
			`add one like "x509.subject: C=US, ST=WA, O=Acme"`
	}
	return ""
}
