package flux

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sources returns every declaration of an object that makes Flux pull something, in the order of the object's schema.
//
// An object that cannot be read, or whose reference leads to one that cannot, is an *ObjectError. An object of another
// kind than those that are Known is an ErrUnknownKind. Every other error is of the lookup, wrapped: what the object pulls
// could not be told. Nothing of obj is changed or kept.
func Sources(ctx context.Context, obj *unstructured.Unstructured, lookup Lookup) ([]Source, error) {
	if gvk := obj.GroupVersionKind(); !Known(gvk) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKind, gvk.GroupKind())
	}
	declared, err := declare(obj, "")
	if err != nil {
		return nil, err
	}
	sources := make([]Source, len(declared))
	for i, d := range declared {
		if sources[i], err = follow(ctx, d, lookup); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// follow completes a declaration by the object that it refers to. It ends: a HelmRelease refers to a HelmChart, that to a
// HelmRepository, and that to nothing.
func follow(ctx context.Context, d declaration, lookup Lookup) (Source, error) {
	if d.refers == (Key{}) {
		return d.source, nil
	}
	target, err := find(ctx, d.refers, lookup)
	if err != nil {
		return Source{}, err
	}
	if target == nil {
		return d.source, nil
	}
	declared, err := declare(target, d.refers.Namespace)
	if err != nil {
		return Source{}, d.malformed()
	}
	found, err := follow(ctx, declared[0], lookup)
	if bad := (*ObjectError)(nil); errors.As(err, &bad) {
		return Source{}, d.malformed()
	}
	if err != nil {
		return Source{}, err
	}
	return d.completed(found), nil
}

// find returns the object of a key, nil where there is none.
func find(ctx context.Context, key Key, lookup Lookup) (*unstructured.Unstructured, error) {
	obj, err := lookup.Lookup(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("look up %s %s: %w", key.Kind, key.NamespacedName, err)
	}
	if obj == nil {
		return nil, nil
	}
	if gk := obj.GroupVersionKind().GroupKind(); gk.Group != key.Group || gk.Kind != key.Kind {
		return nil, fmt.Errorf("look up %s %s: found a %s", key.Kind, key.NamespacedName, gk)
	}
	return obj, nil
}

// malformed blames the reference. What is wrong with the object referred to is told to those who may read that object.
func (d declaration) malformed() error {
	return &ObjectError{
		Path: d.source.Path,
		Message: fmt.Sprintf("refers to %s %s/%s, which cannot be read as one",
			d.refers.Kind, Plain(d.refers.Namespace), Plain(d.refers.Name)),
		Remedy: "mend that object",
	}
}

// completed says where found, which the object referred to declares, stands from the view of the referring object.
func (d declaration) completed(found Source) Source {
	if d.chart != nil && found.Form == FormHelmRepository {
		found = d.chart.in(found)
	} else {
		found.Path = d.source.Path
		if d.chart != nil {
			found.Chart, found.Ref = d.chart.Chart, d.chart.Ref
		}
	}
	if found.Origin == nil || found.Form == FormHelmChart {
		found.Origin = &d.refers
	}
	return found
}
