package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/flux"
)

// Lookup finds Flux objects by group and kind, in the version that the API server prefers.
type Lookup struct {
	// Cache is asked first, Live where the cache has nothing.
	Cache, Live client.Reader
	Mapper      meta.RESTMapper
}

var _ flux.Lookup = Lookup{}

// Lookup returns nil and no error where neither the cache nor the API server has the object, or its kind is not installed.
func (l Lookup) Lookup(ctx context.Context, key flux.Key) (*unstructured.Unstructured, error) {
	mapping, err := l.Mapper.RESTMapping(schema.GroupKind{Group: key.Group, Kind: key.Kind})
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("served version of %s.%s: %w", key.Kind, key.Group, err)
	}
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(mapping.GroupVersionKind)
	for _, reader := range []client.Reader{l.Cache, l.Live} {
		err = reader.Get(ctx, key.NamespacedName, obj)
		if err == nil {
			return obj, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading %s %s: %w", key.Kind, key.NamespacedName, err)
		}
	}
	return nil, nil
}
