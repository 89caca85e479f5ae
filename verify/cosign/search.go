package cosign

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/fluxgate/fluxgate/verify"
)

// candidate is a signature that is there to be looked at, or several that are fetched together.
type candidate struct {
	// fetch gets what it consists of. Its errors are those of the store.
	fetch func(ctx context.Context) ([]byte, error)
	// assess says what that is worth.
	assess func(ctx context.Context, raw []byte) verify.Signature
}

// search looks at candidates in their order until one is good, and returns that, or else the best. A few are fetched at once,
// but the first alone: mostly it is the only one. Its error is what kept one from being fetched.
func search(ctx context.Context, candidates []candidate) (verify.Signature, error) {
	best := unsigned()
	for batch := 1; len(candidates) > 0; batch = min(2*batch, maxParallel) {
		now := candidates[:min(batch, len(candidates))]
		candidates = candidates[len(now):]
		for i, fetched := range fetchAll(ctx, now) {
			found, err := now[i].look(ctx, fetched)
			if err != nil {
				return best, err
			}
			if best = better(best, found); best.Verified {
				return best, nil
			}
		}
	}
	return best, nil
}

type fetched struct {
	raw []byte
	err error
}

func fetchAll(ctx context.Context, candidates []candidate) []fetched {
	all := make([]fetched, len(candidates))
	var group errgroup.Group
	for i, c := range candidates {
		group.Go(func() error {
			defer recovered(func() { all[i] = fetched{err: errUnusable} })
			all[i].raw, all[i].err = c.fetch(ctx)
			return nil // what became of one is judged in its turn
		})
	}
	_ = group.Wait() // see above
	return all
}

func (c candidate) look(ctx context.Context, f fetched) (found verify.Signature, err error) {
	switch {
	case errors.Is(f.err, errNotFound): // it is listed all the same
		return malformed(), nil
	case f.err != nil:
		return explained(f.err)
	case ctx.Err() != nil:
		return verify.Signature{}, ctx.Err()
	}
	defer recovered(func() { found = malformed() })
	return c.assess(ctx, f.raw), nil
}

// explained turns an error of the store's into what it says of the artifact, if anything.
func explained(err error) (verify.Signature, error) {
	switch {
	case errors.Is(err, errNotFound):
		return unsigned(), nil
	case errors.Is(err, errUnusable):
		return malformed(), nil
	case errors.Is(err, errTooMuch):
		return tooMany(), nil
	}
	return unsigned(), err
}

// recovered is deferred where libraries read what tenants may have written: a panic of theirs is what then says.
func recovered(then func()) {
	if recover() != nil {
		then()
	}
}

// limited returns those that are looked at, and whether there are more.
func limited[T any](all []T) (some []T, more bool) {
	return all[:min(len(all), maxSignatures)], len(all) > maxSignatures
}
