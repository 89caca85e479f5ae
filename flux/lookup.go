package flux

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Lookup finds the object that another one refers to: in the cluster's cache, or among the files of one check.
type Lookup interface {
	// Lookup returns the object in any served version of its group and kind. It returns nil and no error where the
	// object does not exist, and an error only where that could not be told.
	Lookup(ctx context.Context, key Key) (*unstructured.Unstructured, error)
}

// LookupFunc adapts a function to Lookup.
type LookupFunc func(ctx context.Context, key Key) (*unstructured.Unstructured, error)

// Lookup calls f.
func (f LookupFunc) Lookup(ctx context.Context, key Key) (*unstructured.Unstructured, error) {
	return f(ctx, key)
}
