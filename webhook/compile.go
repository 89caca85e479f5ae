package webhook

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// Compiler compiles a policy; its errors are those of (*policy.Library).CompileWithin.
type Compiler interface {
	CompileWithin(ctx context.Context, written *v1alpha1.SourcePolicy) (*policy.Policy, error)
}

// compiling is how many policies are compiled at a time. A module that is being compiled cannot be stopped: what nobody
// waits for any more runs on until it is done, and keeps its place until then.
const compiling = 2

// errNoTime: a policy that takes this long here takes as long each time that a replica starts.
var errNoTime = errors.New("the policy could not be compiled in time: try again; if it stays so, shorten the modules of spec.rego")

// bounded is a compiler that is left when the time of a review is over.
type bounded struct {
	compiler Compiler
	slots    chan struct{}
}

func newBounded(c Compiler) *bounded {
	return &bounded{compiler: c, slots: make(chan struct{}, compiling)}
}

// compiled is what came out of the compiler.
type compiled struct {
	policy *policy.Policy
	err    error
}

// compile gives what the compiler gives, or errNoTime.
func (b *bounded) compile(ctx context.Context, written *v1alpha1.SourcePolicy) (*policy.Policy, error) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, errNoTime
	}
	done := make(chan compiled, 1)
	go func() {
		defer func() { <-b.slots }()
		done <- b.attempt(ctx, written)
	}()
	select {
	case c := <-done:
		if c.err != nil && errors.Is(c.err, ctx.Err()) {
			return nil, errNoTime
		}
		return c.policy, c.err
	case <-ctx.Done():
		return nil, errNoTime
	}
}

// attempt turns a panic into an error. In a goroutine of its own nobody else would, and the replica would end.
func (b *bounded) attempt(ctx context.Context, written *v1alpha1.SourcePolicy) (c compiled) {
	defer func() {
		if cause := recover(); cause != nil {
			c = compiled{err: fmt.Errorf("the compiler panicked: %v", cause)}
		}
	}()
	c.policy, c.err = b.compiler.CompileWithin(ctx, written)
	return c
}
