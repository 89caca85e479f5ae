package policytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// signedFact says what the signatures of an artifact are.
type signedFact struct {
	// Keys are the fingerprints of the keys that signed it, Identities those of whom a trusted authority certified.
	Keys       []string     `json:"keys,omitempty"`
	Identities []signerFact `json:"identities,omitempty"`
	// Reason is why the verify block is not satisfied: one of the reasons of docs/signatures.md, or the class of an error of a
	// registry. Absent, it is satisfied by all of the above.
	Reason string `json:"reason,omitempty"`
}

type signerFact struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// check says all that is wrong with the facts about the artifact of a key.
func (f signedFact) check(key string) []error {
	var wrong []error
	name, named, _ := strings.Cut(key, "@")
	if repository, err := flux.ParseRepository("oci://" + name); err != nil || repository.String() != name || !digest.MatchString(named) {
		wrong = append(wrong, errors.New("names no artifact: write repository@digest, as in ghcr.io/acme/app@sha256:<64 hexadecimal digits>"))
	}
	for _, print := range f.Keys {
		if !digest.MatchString(print) {
			wrong = append(wrong, fmt.Errorf("%q is no fingerprint: write sha256: and 64 hexadecimal digits", print))
		}
	}
	for _, identity := range f.Identities {
		if identity.Issuer == "" || identity.Subject == "" {
			wrong = append(wrong, errors.New("an identity has an issuer and a subject"))
		}
	}
	if f.Reason != "" && !slices.Contains(verify.Reasons(), verify.Reason(f.Reason)) && !slices.Contains(classes(), registry.Class(f.Reason)) {
		wrong = append(wrong, fmt.Errorf("%q is no reason: write one of docs/signatures.md, as unsigned or wrong-key, or the class of an error: %s",
			f.Reason, strings.Join(names(classes()), ", ")))
	}
	if f.Reason == "" && len(f.Keys)+len(f.Identities) == 0 {
		wrong = append(wrong, errors.New("says neither who signed it (keys, identities) nor a reason"))
	}
	return wrong
}

func checkSigned(written map[string]signedFact) error {
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(written)) {
		for _, err := range written[key].check(key) {
			wrong = append(wrong, fmt.Errorf("facts.signatures[%q]: %w", key, err))
		}
	}
	return errors.Join(wrong...)
}

// signatures answer with facts, and verify nothing.
type signatures map[string]signedFact

var _ gate.Signatures = signatures(nil)

// Own says of the verify block what is listed. Everything else is as in a check that is offline.
func (s signatures) Own(_ context.Context, source flux.Source, _ bool) (verify.Signature, error) {
	known, err := s.find(source)
	if err != nil {
		return verify.Signature{}, err
	}
	if known.Reason != "" {
		return verify.Unverified(verify.Reason(known.Reason), "is not verified, so say the facts of the test: "+known.Reason), nil
	}
	return verify.Signature{Verified: true, Scheme: verify.SchemeCosignBundle, Signers: known.signers()}, nil
}

// Demanded compares who is demanded with who is listed.
func (s signatures) Demanded(_ context.Context, source flux.Source, _ bool, demand verify.Demand) (verify.Signature, error) {
	known, err := s.find(source)
	if err != nil {
		return verify.Signature{}, err
	}
	if demand.Cosign == nil {
		return verify.Signature{}, &registry.Error{
			Class: registry.ClassOffline, Reference: keyOf(source), Advice: "no ClusterImagePolicy is judged in a test",
		}
	}
	for _, signer := range known.signers() {
		if meets(signer, *demand.Cosign) {
			return verify.Signature{Verified: true, Scheme: verify.SchemeCosignBundle, Signers: []verify.Signer{signer}}, nil
		}
	}
	return verify.Unverified(verify.ReasonWrongKey, "has no signature of those whom the demand trusts, so say the facts of the test"), nil
}

func (s signatures) find(source flux.Source) (signedFact, error) {
	key := keyOf(source)
	known, listed := s[key]
	class := registry.Class(known.Reason)
	switch {
	case !listed:
		return known, &registry.Error{Class: registry.ClassOffline, Reference: key, Advice: "facts.signatures does not list it"}
	case slices.Contains(registry.Classes(), class):
		return known, &registry.Error{Class: class, Reference: key, Advice: "so say the facts of the test"}
	}
	return known, nil
}

func keyOf(source flux.Source) string { return source.Repository.String() + "@" + source.Ref.Digest }

func (f signedFact) signers() []verify.Signer {
	var all []verify.Signer
	for _, print := range f.Keys {
		all = append(all, verify.Signer{Fingerprint: print})
	}
	for _, identity := range f.Identities {
		all = append(all, verify.Signer{Issuer: identity.Issuer, Subject: identity.Subject})
	}
	return all
}

func meets(signer verify.Signer, demand verify.Cosign) bool {
	for _, key := range demand.Keys {
		if key.Fingerprint == signer.Fingerprint {
			return true
		}
	}
	is := func(text, exact, pattern string) bool {
		if pattern == "" {
			return text == exact
		}
		matched, err := regexp.MatchString(pattern, text)
		return err == nil && matched
	}
	return signer.Fingerprint == "" && slices.ContainsFunc(demand.Identities, func(i verify.CertificateIdentity) bool {
		return is(signer.Issuer, i.Issuer, i.IssuerRegExp) && is(signer.Subject, i.Subject, i.SubjectRegExp)
	})
}
