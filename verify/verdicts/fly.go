package verdicts

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr"

	"github.com/fluxgate/fluxgate/registry"
	"github.com/fluxgate/fluxgate/verify"
)

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
