package registry

import "context"

// Offline is the Resolver of --offline: it answers ClassOffline to everything and opens nothing.
type Offline struct{}

var _ Resolver = Offline{}

// Resolve returns an *Error of ClassOffline.
func (Offline) Resolve(_ context.Context, q Query) (Resolution, error) {
	return Resolution{}, &Error{
		Class:     ClassOffline,
		Reference: reference(q.Source),
		Advice:    "no registry is asked offline",
	}
}
