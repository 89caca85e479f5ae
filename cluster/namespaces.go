package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/gate"
)

// Namespaces tells the labels of namespaces.
type Namespaces struct {
	// Cache is asked first, Live where the cache has nothing. Live may be nil: then a namespace that the cache does not know
	// has no labels.
	Cache, Live client.Reader
}

var _ gate.Namespaces = Namespaces{}

// Labels returns nil and no error for a namespace that does not exist.
func (n Namespaces) Labels(ctx context.Context, name string) (map[string]string, error) {
	for _, reader := range []client.Reader{n.Cache, n.Live} {
		if reader == nil {
			continue
		}
		namespace := &metav1.PartialObjectMetadata{}
		namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		err := reader.Get(ctx, types.NamespacedName{Name: name}, namespace, client.UnsafeDisableDeepCopy)
		if err == nil {
			return namespace.GetLabels(), nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading namespace %s: %w", name, err)
		}
	}
	return nil, nil
}
