package certs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// TestRunOutlivesAnOutage runs on the bubble's clock, so no time passes.
func TestRunOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var reads atomic.Int32
		down.Store(true)
		c := cluster(interceptor.Funcs{
			Get: func(ctx context.Context, under client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				reads.Add(1)
				if down.Load() {
					return errors.New("connection refused")
				}
				return under.Get(ctx, key, obj, opts...)
			},
		})
		certs := replica(t, c, newClock())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- certs.Run(ctx) }()

		time.Sleep(time.Minute)
		if got := reads.Load(); got < 5 || got > 12 {
			t.Errorf("%d tries in the first minute of an outage, want 5 to 12 (backoff up to the interval)", got)
		}
		if certs.Ready() == nil {
			t.Error("ready during the outage")
		}
		down.Store(false)
		time.Sleep(certs.options.Interval)
		if err := certs.Ready(); err != nil {
			t.Errorf("an interval after the outage: %v", err)
		}
		down.Store(true)
		time.Sleep(time.Hour)
		if err := certs.Ready(); err != nil {
			t.Errorf("a later outage took away what was served: %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func TestReadyEndsWithTheServedCertificate(t *testing.T) {
	at := newClock()
	certs := replica(t, cluster(interceptor.Funcs{}), at)
	ensure(t, certs)
	at.advance(leafLife + time.Minute)
	want := "the serving certificate expired at 2027-03-01T12:00:00Z"
	if err := certs.Ready(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
