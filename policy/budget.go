package policy

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"
)

// What one evaluation of a custom rule may take. A rule of usual size takes some ten microseconds.
const (
	maxCustomTime = 500 * time.Millisecond
	// maxCustomMemory is what the heap of the whole process may grow by while a rule runs, in bytes. OPA has no limit of its
	// own; what others allocate meanwhile counts too, so it is far above what a review needs.
	maxCustomMemory = 64 << 20
	// sampleEvery is how often the heap is looked at. A rule that ends before costs nothing.
	sampleEvery = 2 * time.Millisecond
)

var (
	errTooSlow     = fmt.Errorf("it ran longer than %s", maxCustomTime)
	errTooHungry   = fmt.Errorf("it took more than %d MiB of memory", maxCustomMemory>>20)
	errOutOfBudget = errors.New("it ran out of its budget a moment ago for an object of this namespace, and is not tried again yet")
)

// budgeted limits the evaluation of a custom rule. The context's cause says which limit was hit.
func budgeted(ctx context.Context) (limited context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(maxCustomTime, func() { cancel(errTooSlow) })
	hungry := time.AfterFunc(sampleEvery, func() { watchHeap(ctx, cancel) })
	return ctx, func() {
		slow.Stop()
		hungry.Stop()
		cancel(nil)
	}
}

// watchHeap cancels when the heap has grown by too much. It ends with the context.
func watchHeap(ctx context.Context, cancel context.CancelCauseFunc) {
	before := heapSize()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if now := heapSize(); now > before+maxCustomMemory {
				cancel(errTooHungry)
				return
			}
		}
	}
}

// heapSize is what objects on the heap take, those not yet collected included, in bytes.
func heapSize() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
