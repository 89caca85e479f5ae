package cluster

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/gate"
)

// Once makes a review read each Secret and each ServiceAccount once, whoever asks for it: the login of a source, its verify
// block, every demand of every policy. So a review costs no more of the API server where there are more policies, and is about
// one state of a Secret, also where that changes meanwhile.
type Once struct{ gate.Reviewer }

// Mutate implements gate.Reviewer.
func (o Once) Mutate(ctx context.Context, req gate.Request) (*unstructured.Unstructured, gate.Decision, error) {
	return o.Reviewer.Mutate(remembering(ctx), req)
}

// Validate implements gate.Reviewer.
func (o Once) Validate(ctx context.Context, req gate.Request) (gate.Decision, error) {
	return o.Reviewer.Validate(remembering(ctx), req)
}

// reads are what was read in one review. They end with it, or with what it began for others.
type reads struct {
	mu    sync.Mutex
	found map[string]client.Object // nil for what does not exist
}

type readsKey struct{}

func remembering(ctx context.Context) context.Context {
	return context.WithValue(ctx, readsKey{}, &reads{found: map[string]client.Object{}})
}

// read gets an object, or what the review has read of it, which must not be changed; nil and no error where it does not exist.
// An error is not remembered: whoever asks next may have more time.
func read[T client.Object](ctx context.Context, live client.Reader, key types.NamespacedName, into T) (T, error) {
	var none T
	review, remembered := ctx.Value(readsKey{}).(*reads)
	if !remembered {
		review = &reads{}
	}
	what := fmt.Sprintf("%T %s", into, key)
	review.mu.Lock()
	known, found := review.found[what]
	review.mu.Unlock()
	if found {
		got, _ := known.(T) // nil stays nil
		return got, nil
	}
	err := live.Get(ctx, key, into)
	if err != nil && !apierrors.IsNotFound(err) {
		return none, err
	}
	exists := err == nil
	if remembered {
		review.mu.Lock()
		defer review.mu.Unlock()
		if review.found[what] = nil; exists {
			review.found[what] = into
		}
	}
	if exists {
		return into, nil
	}
	return none, nil
}
