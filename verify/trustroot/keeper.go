package trustroot

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

const (
	// patience is how long a source may take.
	patience = 30 * time.Second
	// again is when a source that failed is tried again.
	again = time.Minute
)

// Keeper has the trusted root as it was last got. It is safe for concurrent use. The zero value has none.
type Keeper struct {
	source  Source
	current atomic.Pointer[[]byte]
}

// New returns a Keeper that has got nothing yet.
func New(s Source) *Keeper { return &Keeper{source: s} }

// Root is the trusted root in JSON; nil before there is one. It must not be changed.
func (k *Keeper) Root() []byte {
	if text := k.current.Load(); text != nil {
		return *text
	}
	return nil
}

// Refresh gets the trusted root. Where that fails, the last one stays.
func (k *Keeper) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	text, err := k.source.get(ctx)
	if err != nil {
		return err
	}
	k.current.Store(&text)
	return nil
}

// Run refreshes the trusted root until ctx ends. What keeps it from that is logged, and tried again.
func (k *Keeper) Run(ctx context.Context) error {
	log := logr.FromContextOrDiscard(ctx)
	wait := k.source.every
	if k.Root() == nil {
		wait = 0
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		before := k.Root()
		wait = k.source.every
		switch err := k.Refresh(ctx); {
		case err != nil && ctx.Err() == nil:
			log.Error(err, "the trusted root was not refreshed; the last one stays in force", "known", before != nil)
			wait = again
		case err == nil && !bytes.Equal(before, k.Root()):
			log.Info("the trusted root is another one now")
		}
	}
}
