package certs

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Run does a round at once and then one each interval, until ctx ends; it returns nil then. A round that fails is logged
// and tried again sooner: after a second at first, twice as long each time, never longer than the interval.
// It runs on every replica, so it must not wait for a leader.
func (c *Certs) Run(ctx context.Context) error {
	log := logr.FromContextOrDiscard(ctx).WithName("certs")
	backoff := c.backoff()
	for {
		pause := c.options.Interval
		if err := c.Ensure(ctx); err == nil {
			backoff = c.backoff()
		} else if ctx.Err() == nil {
			pause = min(backoff.Step(), c.options.Interval)
			log.Error(err, "certificate not ensured", "retryIn", pause.String())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (c *Certs) backoff() wait.Backoff {
	return wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 8, Cap: c.options.Interval}
}
