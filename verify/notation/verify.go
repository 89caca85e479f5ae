package notation

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/fluxgate/fluxgate/verify"
)

const (
	// maxAttempts is how many signatures are looked at: source-controller's MaxSignatureAttempts. Looking at more would admit
	// what Flux then refuses.
	maxAttempts = 3
	// maxPages limits the list of referrers, of which a registry that does not filter lists those of all kinds.
	maxPages = 32
	// maxManifest and maxEnvelope limit what a signature may take, in bytes. Envelopes with a chain of certificates and a
	// timestamp are below 20 KiB; each certificate of a chain costs two verifications before anything is trusted.
	maxManifest = 64 << 10
	maxEnvelope = 64 << 10
)

var (
	errFound = errors.New("a signature counts")
	errMore  = errors.New("there are more signatures than are looked at")
)

// search looks for a signature of one artifact that counts.
type search struct {
	visit      verify.Visit
	repository *remote.Repository
	judge      *judge
	digest     string

	attempts int
	// best is the verdict on the signature that came closest.
	best finding
}

// Verify says whether a signature of the artifact with the digest ("sha256:…") counts by the trust policy. An error is one of
// infrastructure: what the Visit says that kept the registry from answering; the end of ctx; or, where Options.Revocation is
// given, that a server did not say whether a certificate is revoked that the trust policy wants to know of. Everything else is
// a verdict.
func (v *Verifier) Verify(ctx context.Context, visit verify.Visit, digest string) (verify.Signature, error) {
	if _, err := v1.NewHash(digest); err != nil {
		return verify.Unverified(verify.ReasonNoDigest, "has no digest of the form sha256:…"), nil
	}
	repository := visit.Repository()
	statement, refusal := v.statement(repository)
	if statement == nil {
		return refusal, nil
	}
	s := &search{
		visit: visit, repository: remoteRepository(visit), digest: digest,
		judge: &judge{
			policy:    &trustpolicy.Document{Version: v.policy.Version, TrustPolicies: []trustpolicy.TrustPolicy{*statement}},
			store:     v.store,
			reference: repository.Name() + "@" + digest,
			digest:    digest,
			transport: v.options.Revocation,
		},
	}
	return s.run(ctx)
}

// remoteRepository sends by the Visit's transport only, and tries nothing twice.
func remoteRepository(visit verify.Visit) *remote.Repository {
	repository := visit.Repository()
	return &remote.Repository{
		Client:               &http.Client{Transport: visit.Transport()},
		Reference:            registry.Reference{Registry: repository.RegistryStr(), Repository: repository.RepositoryStr()},
		PlainHTTP:            repository.Scheme() == "http",
		ReferrerListMaxPages: maxPages,
	}
}

func (s *search) run(ctx context.Context) (verify.Signature, error) {
	artifact := ocispec.Descriptor{Digest: digest.Digest(s.digest)}
	err := s.repository.Referrers(ctx, artifact, notationregistry.ArtifactTypeNotation, func(listed []ocispec.Descriptor) error {
		return s.look(ctx, listed)
	})
	if errors.Is(err, errFound) {
		return s.best.signature, nil
	}
	if trouble := s.trouble(ctx, err); trouble != nil {
		return verify.Signature{}, trouble
	}
	switch {
	case errors.Is(err, errMore):
		return verify.Unverified(verify.ReasonTooMany, fmt.Sprintf(
			"has more signatures than the %d that Flux looks at, of which none counts: it %s", maxAttempts, s.best.signature.Message)), nil
	case errors.Is(err, errdef.ErrTooManyPages):
		return verify.Unverified(verify.ReasonTooMany, fmt.Sprintf(
			"has a list of referrers of more than %d pages, in which no signature counts; remove those that are not needed", maxPages)), nil
	case s.attempts > 0:
		return s.best.signature, nil
	case err == nil, missing(err):
		return verify.Unverified(verify.ReasonUnsigned, "has no signature of the Notary Project; sign it with notation sign"), nil
	}
	return verify.Unverified(verify.ReasonMalformed,
		"has a list of signatures that cannot be read; sign it anew, in a registry that lists referrers"), nil
}

// look judges the signatures of one page of the list.
func (s *search) look(ctx context.Context, listed []ocispec.Descriptor) error {
	for _, one := range listed {
		if s.attempts == maxAttempts {
			return errMore
		}
		s.attempts++
		mediaType, envelope, err := s.fetch(ctx, one)
		if trouble := s.trouble(ctx, err); err != nil && trouble != nil {
			return &undecided{trouble}
		}
		verdict := malformed("cannot be read")
		if err == nil {
			if verdict, err = s.judge.judge(ctx, mediaType, envelope); err != nil {
				return &undecided{err}
			}
		}
		if verdict.step > s.best.step {
			s.best = verdict
		}
		if verdict.signature.Verified {
			return errFound
		}
	}
	return nil
}
