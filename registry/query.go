package registry

import (
	"context"

	"github.com/fluxgate/fluxgate/flux"
)

// Query asks which digest a source names.
type Query struct {
	// Source is what to resolve; only its Repository, Problem, Ref, MediaType, Insecure, Namespace and credential
	// fields are read, and Form and Path for the text of errors. Ref.Digest is ignored: the question is what the semver
	// or the tag (or "latest") names.
	Source flux.Source
	// AllowPrivate permits private addresses: true only where an allow-list named the repository.
	AllowPrivate bool
	// Young asks for a digest that the cache will go on to give for at least half of its lifetime: what is written into an
	// object now is judged in a moment, and must still be what the tag names.
	Young bool
	// Fresh asks the registry even where the cache has an answer. It may share the request of another fresh query that
	// is already under way.
	Fresh bool
}

// Resolution is what a tag or a semver range names at this moment.
type Resolution struct {
	// Tag is the tag that was read: the object's own, "latest", or the one that the semver range selected.
	Tag string
	// Digest is "sha256:…": that of an index where the tag names one, as Flux has it.
	Digest string
}

// Resolver answers queries.
type Resolver interface {
	// Resolve returns an *Error for everything that kept it from an answer: "not found" is such an error too. Where
	// the object's own ref is at fault (ClassReference), that error wraps a *flux.ObjectError.
	Resolve(ctx context.Context, q Query) (Resolution, error)
}
