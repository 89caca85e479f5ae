package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/flux"
)

// Warm starts the caches of everything that Lookup and Namespaces read, so that the first review need not wait for them.
// Kinds that are not installed are left out: their cache starts when they are first looked up.
func Warm(ctx context.Context, c cache.Cache, mapper meta.RESTMapper) error {
	namespaces := &metav1.PartialObjectMetadata{}
	namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	watched := []client.Object{namespaces}
	for _, gk := range flux.Referents() {
		obj, err := served(mapper, gk)
		if err != nil {
			return err
		}
		if obj != nil {
			watched = append(watched, obj)
		}
	}
	for _, obj := range watched {
		if _, err := c.GetInformer(ctx, obj, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("watching %s: %w", obj.GetObjectKind().GroupVersionKind(), err)
		}
	}
	return nil
}

// served returns an empty object of the first of the versions that is served, or where none is named of that which the API
// server prefers; nil where the kind is not installed.
func served(mapper meta.RESTMapper, gk schema.GroupKind, versions ...string) (client.Object, error) {
	mapping, err := mapper.RESTMapping(gk, versions...)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("served version of %s: %w", gk, err)
	}
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(mapping.GroupVersionKind)
	return obj, nil
}

// Slim is the transform of the cache: it drops what no review reads, so that a cached source costs its spec and its names
// (2.8 KB in memory for a typical one, see BenchmarkCachedSource), and a namespace its labels. Of a HelmRelease, whose values may
// be megabytes, and of a Kustomization it keeps what Referrers reads: whoever needs more must not read them from the cache.
func Slim(in any) (any, error) {
	obj, isObject := in.(metav1.Object)
	if !isObject {
		return nil, errors.New("the cache holds something that is no object")
	}
	obj.SetManagedFields(nil)
	obj.SetAnnotations(nil)
	if u, raw := in.(*unstructured.Unstructured); raw {
		if gk := u.GroupVersionKind().GroupKind(); slices.Contains(flux.Referring(), gk) && !flux.CanBeSource(gk) {
			return flux.Skeleton(u), nil
		}
		unstructured.RemoveNestedField(u.Object, "status")
	}
	return in, nil
}
