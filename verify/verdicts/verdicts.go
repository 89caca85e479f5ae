package verdicts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/singleflight"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

// Secrets reads what verify blocks name.
type Secrets interface {
	// Material returns verify.Entries of a Secret, and verify.Missing for one that does not exist. Any other error says that it
	// could not be told; nothing of the Secret is in it.
	Material(ctx context.Context, namespace, name string) (map[string][]byte, error)
}

// Options are what a Verifier leans on.
type Options struct {
	// Registry opens the ways to repositories.
	Registry *registry.Client
	Secrets  Secrets
	// TrustedRoot returns the JSON of the sigstore trusted root for keyless signatures whose demand brings none; where it
	// returns nil, or is nil, they cannot be verified.
	TrustedRoot func() []byte
	// Revocation reaches the servers that the certificates of the Notary Project's signatures name: registry.PublicTransport. Nil
	// means that nobody is asked whether a certificate is revoked (notation.Options).
	Revocation http.RoundTripper
	// ImagePolicies returns the ClusterImagePolicies that demands can name; nil means none.
	// Those that wanted does not report may be left out.
	ImagePolicies func(ctx context.Context, wanted func(name string) bool) []verify.ImagePolicy

	// Size is the number of verdicts that are remembered; zero means 16384, of some 500 bytes each.
	Size int
	// Good is how long it is remembered that an artifact is verified; zero means 10 minutes. A signature that is taken away
	// meanwhile is missed for as long.
	Good time.Duration
	// Bad is how long it is remembered that one is not; zero means 10 s. One that is signed meanwhile waits for as long.
	Bad time.Duration
	// Failed is how long it is remembered that it could not be told; zero means 3 s.
	Failed time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Observe hears of each verification that was carried out: its result, or what kept it from one, and the number of
	// requests. Nil means nobody does.
	Observe func(signature verify.Signature, err error, requests int)
}

func (o Options) withDefaults() Options {
	o.Size = cmp.Or(o.Size, 16384)
	o.Good = cmp.Or(o.Good, 10*time.Minute)
	o.Bad = cmp.Or(o.Bad, 10*time.Second)
	o.Failed = cmp.Or(o.Failed, 3*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TrustedRoot == nil {
		o.TrustedRoot = func() []byte { return nil }
	}
	if o.ImagePolicies == nil {
		o.ImagePolicies = func(context.Context, func(string) bool) []verify.ImagePolicy { return nil }
	}
	if o.Observe == nil {
		o.Observe = func(verify.Signature, error, int) {}
	}
	return o
}

// Verifier verifies artifacts. It is safe for concurrent use.
type Verifier struct {
	options  Options
	cache    *cache
	keyrings *keyrings
	flights  singleflight.Group
}

// New returns a Verifier.
func New(o Options) *Verifier {
	o = o.withDefaults()
	return &Verifier{options: o, cache: newCache(o), keyrings: newKeyrings()}
}

// Own verifies the digest of a source as its verify block asks, both of which it must have. The error says that it could not
// be told.
func (v *Verifier) Own(ctx context.Context, source flux.Source, private bool) (verify.Signature, error) {
	demand, bad, err := v.block(ctx, source)
	if err != nil {
		return verify.Signature{}, err
	}
	if bad != nil {
		return *bad, nil
	}
	return v.verdict(ctx, source, private, demand)
}

// Demanded verifies the digest of a source, which it must have, as demanded.
func (v *Verifier) Demanded(
	ctx context.Context, source flux.Source, private bool, demand verify.Demand,
) (verify.Signature, error) {
	if len(demand.ImagePolicies)+len(demand.ImagePolicyNames) == 0 {
		return v.verdict(ctx, source, private, demand)
	}
	policies, err := v.imagePolicies(ctx, source, demand)
	if err != nil {
		return verify.Signature{}, err
	}
	if len(policies) == 0 {
		return verify.Unverified(verify.ReasonNoMatch, "is what none of the demand's ClusterImagePolicies is for"), nil
	}
	return v.verdict(ctx, source, private, verify.Demand{ImagePolicies: policies})
}

// verdict remembers what a verification said.
func (v *Verifier) verdict(
	ctx context.Context, source flux.Source, private bool, demand verify.Demand,
) (verify.Signature, error) {
	access, err := v.options.Registry.Access(ctx, source, source.Ref.Digest, private)
	if err != nil {
		return verify.Signature{}, err
	}
	key := keyOf(access.ID(), source.Ref.Digest, v.materialID(demand))
	if kept, found := v.cache.get(key); found {
		return kept.told(access)
	}
	if err := ctx.Err(); err != nil {
		return verify.Signature{}, err
	}
	found, err := v.join(ctx, key, access, source.Ref.Digest, demand)
	if err != nil {
		return verify.Signature{}, err
	}
	return found.told(access)
}

// join verifies together with those who ask the same, of whatever namespace. Before, each waits for the turn of its own: a
// namespace that has too much under way keeps nobody else waiting. What was begun is brought to its end, and is remembered.
func (v *Verifier) join(ctx context.Context, k key, access *registry.Access, digest string, demand verify.Demand) (verdict, error) {
	release, err := access.Turn(ctx)
	if err != nil {
		return verdict{}, err
	}
	flight := v.flights.DoChan(string(k[:]), func() (any, error) {
		if kept, found := v.cache.get(k); found {
			return kept, nil
		}
		found := v.fly(context.WithoutCancel(ctx), access, digest, demand)
		if !errors.Is(found.err, registry.ErrNotAsked) {
			v.cache.put(k, found)
		}
		return found, nil
	})
	select {
	case landed := <-flight:
		release()
		return landed.Val.(verdict), nil
	case <-ctx.Done():
		go func() { // it is under way for this namespace until it lands
			<-flight
			release()
		}()
		return verdict{}, ctx.Err()
	}
}

// fly verifies once. A panic of a library over a hostile signature is a malformed signature.
func (v *Verifier) fly(ctx context.Context, access *registry.Access, digest string, demand verify.Demand) (found verdict) {
	requests := 0
	defer func() {
		if reason := recover(); reason != nil {
			logr.FromContextOrDiscard(ctx).Error(fmt.Errorf("panic: %v", reason), "a library could not bear a signature, which counts as malformed")
			found = verdict{signature: verify.Unverified(verify.ReasonMalformed, "has a signature that cannot be read")}
		}
		v.options.Observe(found.signature, found.err, requests)
	}()
	for _, one := range alternatives(demand) {
		next := v.try(ctx, access, digest, one, &requests)
		if next.err != nil || next.signature.Verified {
			return next
		}
		found.signature = telling(found.signature, next.signature)
	}
	return found
}

// try verifies over a session of its own, so that what one alternative reads is not missing to the next. It counts what it sent.
func (v *Verifier) try(
	ctx context.Context, access *registry.Access, digest string, demand verify.Demand, requests *int,
) verdict {
	method, refusal, err := v.method(demand, access.Repository())
	if refusal != nil || err != nil {
		return verdict{signature: orNone(refusal), err: err}
	}
	session, err := access.Open(ctx)
	if err != nil {
		return verdict{err: err}
	}
	defer session.Close()
	defer func() { *requests += session.Requests() }()
	signature, err := method(session.Context(), session, digest)
	if err == nil && !signature.Verified {
		err = session.Failure() // a registry in trouble looks like an artifact without signatures
	}
	if err != nil {
		return verdict{err: err}
	}
	return verdict{signature: signature}
}

func orNone(signature *verify.Signature) verify.Signature {
	if signature == nil {
		return verify.Signature{}
	}
	return *signature
}
