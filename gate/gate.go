package gate

import (
	"context"
	"time"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/registry"
)

// Namespaces tells the labels of a namespace.
type Namespaces interface {
	// Labels returns nil and no error for a namespace that does not exist; an error only where that could not be told.
	Labels(ctx context.Context, name string) (map[string]string, error)
}

// NamespacesFunc adapts a function to Namespaces.
type NamespacesFunc func(ctx context.Context, name string) (map[string]string, error)

// Labels calls f.
func (f NamespacesFunc) Labels(ctx context.Context, name string) (map[string]string, error) {
	return f(ctx, name)
}

// Options are what a gate leans on; none but Referrers, Keys, Signatures, Pending and Now may be nil.
type Options struct {
	// Policies returns the policies in force; it is called once a review.
	Policies   func() *policy.Set
	Lookup     flux.Lookup
	Namespaces Namespaces
	// Referrers tells who refers to a source. Nil means nobody.
	Referrers Referrers
	Resolver  registry.Resolver
	// Keys tells whom the Secret of a verify block trusts; it is asked only where a policy needs to know. Where it is nil,
	// such a policy is undecided.
	Keys Keys
	// Signatures verifies artifacts; it is asked only where a policy demands it. Where it is nil, such a policy is undecided.
	Signatures Signatures
	// Pending reports whether an object that others refer to has no digest only because nobody could be asked for it. Nil
	// means never: what is stored in a cluster is as it is.
	Pending func(flux.Key) bool
	// Now is the clock by which exceptions end and policies begin to deny; nil means time.Now.
	Now func() time.Time
	// KeepSourceRef turns off the rewrite of a HelmRelease's sourceRef to an OCIRepository into a chartRef.
	KeepSourceRef bool
}

// Gate reviews objects. It is safe for concurrent use, and keeps nothing between reviews.
type Gate struct{ options Options }

var _ Reviewer = (*Gate)(nil)

// New returns a gate.
func New(o Options) *Gate {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Gate{options: o}
}
