package policy

import (
	"encoding/binary"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/fluxgate/fluxgate/flux"
)

const (
	// memoSize is the number of inputs that a program remembers. With maxMemoKey and maxMemoTexts it bounds the memory of
	// one policy: at most about 2.5 MB a phase, a tenth of that with inputs of usual length.
	memoSize = 256
	// maxMemoKey is the longest input that is remembered, in bytes: what is longer is hostile, and rare enough.
	maxMemoKey = 4 << 10
	// maxMemoTexts is the longest that the texts of an input's violations may be together, in bytes, to be remembered:
	// they quote the object.
	maxMemoTexts = 4 << 10
)

// memo remembers violations by their whole input, not by a hash of it, so that no object can borrow another's verdict.
type memo struct {
	known *lru.Cache[string, []Violation]
}

func newMemo() *memo {
	known, err := lru.New[string, []Violation](memoSize)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &memo{known}
}

func (m *memo) get(in *Input) ([]Violation, bool) {
	key := in.memoKey()
	if len(key) > maxMemoKey {
		return nil, false
	}
	return m.known.Get(key)
}

func (m *memo) put(in *Input, violations []Violation) {
	if key := in.memoKey(); len(key) <= maxMemoKey && textsOf(violations) <= maxMemoTexts {
		m.known.Add(key, violations)
	}
}

func textsOf(violations []Violation) int {
	total := 0
	for _, v := range violations {
		total += len(v.Path) + len(v.Message) + len(v.Remediation)
	}
	return total
}

// memoKey is everything that a rule can read, without ambiguity: each text behind its length. A test changes every field of
// a review and expects another key.
func (in *Input) memoKey() string {
	if in.key == "" {
		r := &in.review
		k := make(memoKey, 0, 512).
			texts(r.Operation, r.APIVersion, r.Kind, r.Namespace, r.Name, r.ServiceAccountName,
				r.Interval, r.ChartInterval).count(len(r.Sources))
		for i := range r.Sources {
			k = k.source(&r.Sources[i])
		}
		in.key = string(k)
	}
	return in.key
}

type memoKey []byte

func (k memoKey) count(n int) memoKey { return binary.AppendUvarint(k, uint64(n)) } //nolint:gosec // a length

func (k memoKey) texts(all ...string) memoKey {
	for _, text := range all {
		k = append(k.count(len(text)), text...)
	}
	return k
}

func (k memoKey) flags(all ...bool) memoKey {
	for _, flag := range all {
		if flag {
			k = append(k, 1)
		} else {
			k = append(k, 0)
		}
	}
	return k
}

func (k memoKey) source(s *SourceReview) memoKey {
	k = k.texts(string(s.Form), s.Kind, s.Path, s.URL, s.Repository.Host, s.Repository.Path, s.Problem, s.Chart,
		s.Ref.Tag, s.Ref.Semver, s.Ref.SemverFilter, s.Ref.Digest, s.MediaType, s.Provider,
		s.SecretRef, s.CertSecretRef, s.ProxySecretRef, s.ServiceAccountName, s.Namespace)
	k = k.flags(s.Insecure, s.Changed, s.Pending, s.Origin != nil, s.Verify != nil, s.Resolved != nil, s.Keys != nil,
		s.Signature != nil)
	if s.Origin != nil {
		k = k.texts(s.Origin.Group, s.Origin.Kind, s.Origin.Namespace, s.Origin.Name)
	}
	if s.Verify != nil {
		k = k.verify(s.Verify)
	}
	if s.Resolved != nil {
		k = k.texts(s.Resolved.Tag, s.Resolved.Digest)
	}
	if s.Keys != nil {
		k = k.keys(s.Keys)
	}
	if s.Signature != nil {
		k = k.signature(s.Signature)
	}
	return k
}

func (k memoKey) signature(s *Signature) memoKey {
	k = k.flags(s.Unknown, s.Verified, s.BesideBundles).texts(string(s.Scheme), string(s.Reason), s.Message).
		count(len(s.Warnings)).texts(s.Warnings...).count(len(s.Signers))
	for _, signer := range s.Signers {
		k = k.texts(signer.Fingerprint, signer.Issuer, signer.Subject)
	}
	return k
}

func (k memoKey) keys(keys *Keys) memoKey {
	k = k.flags(keys.Unknown).texts(keys.Problem).count(len(keys.Entries))
	for _, key := range keys.Entries {
		k = k.texts(key.Entry, key.Fingerprint)
	}
	return k
}

func (k memoKey) verify(v *flux.Verify) memoKey {
	k = k.texts(v.Provider, v.SecretRef, v.TrustedRootSecretRef).count(len(v.Identities))
	for _, identity := range v.Identities {
		k = k.texts(identity.Issuer, identity.Subject)
	}
	return k
}
