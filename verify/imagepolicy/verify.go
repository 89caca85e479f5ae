package imagepolicy

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/policy-controller/pkg/apis/config"
	pcconfig "github.com/sigstore/policy-controller/pkg/config"
	"go.uber.org/zap"
	"knative.dev/pkg/logging"

	"github.com/fluxgate/fluxgate/verify"
)

// Verify judges the artifact of a digest in the visited repository. Of a policy in mode warn, what would refuse is a warning.
// An error is one of infrastructure: the registry's failure, the end of the context, a trusted root that is missing
// (verify.ErrNoTrustRoot) or broken. It returns when the context ends, whatever is still running.
func (p *Policy) Verify(ctx context.Context, visit verify.Visit, digest string, options verify.ImagePolicyOptions) (verify.Signature, error) {
	ref, err := name.NewDigest(visit.Repository().Name()+"@"+digest, name.StrictValidation)
	if err != nil {
		return verify.Unverified(verify.ReasonNoDigest, fmt.Sprintf("is named by %q, which is no digest: write sha256: and 64 hexadecimal digits", digest)), nil
	}
	ref = visit.Repository().Digest(digest) // keeps the scheme of an insecure registry, which a parsed name loses
	select {
	case p.running <- struct{}{}:
	case <-ctx.Done():
		return verify.Signature{}, fmt.Errorf("wait for other verifications of ClusterImagePolicy %s: %w", p.name, context.Cause(ctx))
	}
	type verdict struct {
		signature verify.Signature
		err       error
	}
	done := make(chan verdict, 1)
	go func() {
		defer func() { <-p.running }()
		defer func() {
			if recover() != nil { // ask and evaluate know whose fault a panic is; here nobody does
				done <- verdict{err: fmt.Errorf("verify by ClusterImagePolicy %s: the library panics", p.name)}
			}
		}()
		signature, err := p.judge(ctx, visit, ref, options)
		done <- verdict{signature, err}
	}()
	select {
	case found := <-done:
		return found.signature, found.err
	case <-ctx.Done():
		if err := visit.Failure(); err != nil {
			return verify.Signature{}, err
		}
		return verify.Signature{}, fmt.Errorf("verify by ClusterImagePolicy %s: %w", p.name, context.Cause(ctx))
	}
}

// session is one run of a policy over one artifact.
type session struct {
	ref     name.Digest
	options []ociremote.Option
	visit   verify.Visit
	rootErr error // why there is no trusted root
}

func newSession(ctx context.Context, visit verify.Visit, ref name.Digest, trustedRoot []byte) (context.Context, *session) {
	s := &session{ref: ref, visit: visit, options: []ociremote.Option{ociremote.WithRemoteOptions(
		remote.WithContext(ctx),
		remote.WithTransport(&memo{next: visit.Transport(), kept: map[string]answer{}}),
		remote.WithAuth(authn.Anonymous), // the visit has logged in
		remote.WithRetryStatusCodes(),
		remote.WithRetryPredicate(func(error) bool { return false }),
	)}}
	// The library logs what registries say, and without a logger of the context's to the standard error.
	ctx = logging.WithLogger(ctx, zap.NewNop().Sugar())
	// OCI 1.1 discovery (enable-oci11) would take attestations without verifying them.
	ctx = pcconfig.ToContext(ctx, &pcconfig.PolicyControllerConfig{FailOnEmptyAuthorities: true, NoMatchPolicy: pcconfig.DenyAll})
	ctx = config.ToContext(ctx, &config.Config{})
	ctx, s.rootErr = withRoot(ctx, trustedRoot)
	return ctx, s
}
