package notation

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/notaryproject/notation-go/verifier/trustpolicy"
)

// The limits of a trust policy. They are far above what anybody writes, and bound the work for one Secret: notation-go compares
// each identity of a statement with each other one, and compiles expressions for each scope.
const (
	maxPolicy     = 64 << 10 // in bytes
	maxScopes     = 1024
	maxIdentities = 256
)

// readPolicy reads trustpolicy.json as source-controller does: json.Unmarshal, then CleanTrustPolicy, then Validate. The
// problem completes a sentence that begins with the Secret, and quotes nothing of the content.
func readPolicy(content []byte) (policy *trustpolicy.Document, problem string) {
	switch {
	case content == nil:
		return nil, "has no trustpolicy.json; put a trust policy of the Notary Project there"
	case len(content) > maxPolicy:
		return nil, fmt.Sprintf("has a trustpolicy.json of more than %d bytes; leave what is for this repository", maxPolicy)
	}
	policy = &trustpolicy.Document{}
	if err := json.Unmarshal(content, policy); err != nil {
		return nil, "has a trustpolicy.json that is no JSON of a trust policy; write one as in " + specification
	}
	scopes, identities := 0, 0
	for i, statement := range policy.TrustPolicies {
		scopes += len(statement.RegistryScopes)
		identities += len(statement.TrustedIdentities)
		if statement.SignatureVerification.VerificationLevel == trustpolicy.LevelSkip.Name {
			policy.TrustPolicies[i].TrustStores, policy.TrustPolicies[i].TrustedIdentities = nil, nil
		}
	}
	if scopes > maxScopes || identities > maxIdentities {
		return nil, fmt.Sprintf("has a trustpolicy.json of more than %d registryScopes or %d trustedIdentities; "+
			"leave what is for this repository", maxScopes, maxIdentities)
	}
	if policy.Validate() != nil {
		return nil, fault(policy)
	}
	return policy, ""
}

const specification = "https://github.com/notaryproject/specifications/blob/v1.1.0/specs/trust-store-trust-policy.md"

// fault finds where a policy is not valid. notation-go's own words quote the content.
func fault(policy *trustpolicy.Document) string {
	const head = "has a trustpolicy.json that is not valid: "
	if policy.Version != "1.0" {
		return head + `version must be "1.0"`
	}
	if len(policy.TrustPolicies) == 0 {
		return head + "trustPolicies holds no statement; add one for this repository"
	}
	for i, statement := range policy.TrustPolicies {
		for _, field := range fields() {
			// A statement that is valid, but for this field as it was written.
			probe := valid()
			field.take(&probe, statement)
			if !passes(probe) {
				return head + fmt.Sprintf("trustPolicies[%d].%s must %s", i, field.name, field.must)
			}
		}
	}
	return head + "trustPolicies has two statements with the same name or the same registryScopes; join them"
}

func passes(statement trustpolicy.TrustPolicy) bool {
	document := trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{statement}}
	return document.Validate() == nil
}

func valid() trustpolicy.TrustPolicy {
	return trustpolicy.TrustPolicy{
		Name: "any", RegistryScopes: []string{"*"}, TrustStores: []string{"ca:any"}, TrustedIdentities: []string{"*"},
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: trustpolicy.LevelStrict.Name},
	}
}

type field struct {
	name, must string
	take       func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy)
}

// fields are those of a statement, each of which is valid or not for itself. Where a statement skips verification, it has neither
// trust stores nor identities.
func fields() []field {
	return []field{
		{"name", "not be empty", func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy) { to.Name = from.Name }},
		{"registryScopes", `name whole repositories like "registry.example.com/acme/app", or be ["*"]`,
			func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy) {
				to.RegistryScopes = from.RegistryScopes
			}},
		{"signatureVerification", `have the level "strict", and nothing that the Notary Project does not know`,
			func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy) {
				to.SignatureVerification = from.SignatureVerification
				if skips(from) {
					to.TrustStores, to.TrustedIdentities = nil, nil
				}
			}},
		{"trustStores", `name at least one like "ca:acme"`, func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy) {
			if !skips(from) {
				to.TrustStores = from.TrustStores
			}
		}},
		{"trustedIdentities", `name at least one like "x509.subject: C=US, ST=WA, O=Acme", and none that includes another`,
			func(to *trustpolicy.TrustPolicy, from trustpolicy.TrustPolicy) {
				if !skips(from) {
					to.TrustedIdentities = from.TrustedIdentities
				}
			}},
	}
}

func skips(statement trustpolicy.TrustPolicy) bool {
	return statement.SignatureVerification.VerificationLevel == trustpolicy.LevelSkip.Name
}

// path is where in trustpolicy.json a statement stands. Its name is not told.
func (v *Verifier) path(statement *trustpolicy.TrustPolicy) string {
	for i, one := range v.policy.TrustPolicies {
		if one.Name == statement.Name { // unique, in a policy that is valid
			return fmt.Sprintf("trustPolicies[%d]", i)
		}
	}
	return "trustPolicies"
}

// unmatched says that no statement is for a repository.
func unmatched(repository string) string {
	probe := valid()
	probe.RegistryScopes = []string{repository}
	if !passes(probe) {
		return fmt.Sprintf("cannot be verified: no trust policy can name the repository %q; give the repository a name of "+
			"lower-case letters, digits and single separators", repository)
	}
	message := fmt.Sprintf("has no trust policy: no registryScopes in the trustpolicy.json of its verify block name %q; add it to those of "+
		"a statement", repository)
	if strings.HasPrefix(repository, "index.docker.io/") {
		message += ", as Flux names Docker Hub"
	}
	return message
}
