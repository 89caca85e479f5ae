package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/policy"
)

// lookAgain is how often a kind that was not installed is looked for.
const lookAgain = 10 * time.Second

// Watched is what Referrers needs of a cache.Cache that is started.
type Watched interface {
	client.Reader
	GetInformer(ctx context.Context, obj client.Object, opts ...cache.InformerGetOption) (cache.Informer, error)
}

// Referrers knows, for each source of the cluster, the namespaces whose HelmReleases, Kustomizations and HelmCharts refer to
// it. It is told by watches, so it lags behind the API server by the time that an event takes: milliseconds, or as long as
// a watch is broken. An object counts until it is gone, be it suspended or about to be deleted.
//
// A HelmRelease takes 2.4 KB of memory with a chartRef (1.7 KB in the cache, 0.7 KB in the index) and 3.5 KB with a chart (2.4 KB
// and 1.1 KB), whatever its values; see BenchmarkReferrer. A look-up costs by the namespaces that refer to the source, not by
// the objects in the cluster.
type Referrers struct {
	cache  Watched
	mapper meta.RESTMapper
	index  flux.Referrers
	// absent are the kinds that are not watched yet, because they are not installed. Only Watch and Run touch it.
	absent []schema.GroupKind
}

var _ gate.Referrers = (*Referrers)(nil)

// NewReferrers returns an empty index, which Watch fills.
func NewReferrers(c Watched, mapper meta.RESTMapper) *Referrers {
	return &Referrers{cache: c, mapper: mapper, absent: flux.Referring()}
}

// Referring returns the namespaces that refer to a source, with their labels as the cache has them. Unlike Namespaces it reads
// none live: a targetNamespace need not exist, and whoever writes a thousand of them must not make a review ask a thousand
// times. A namespace that the cache does not know has no labels, and is matched by its name.
func (r *Referrers) Referring(ctx context.Context, source flux.Key) ([]policy.Namespace, error) {
	names := r.index.Namespaces(source)
	all := make([]policy.Namespace, 0, len(names))
	for _, name := range names {
		labels, err := Namespaces{Cache: r.cache}.Labels(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, policy.Namespace{Name: name, Labels: labels})
	}
	return all, nil
}

// Watch starts to watch the kinds that refer to sources, and returns when all that was there is in the index. Kinds that are
// not installed are left to Run. It must be called once.
func (r *Referrers) Watch(ctx context.Context) error {
	synced, err := r.watchInstalled(ctx)
	if err != nil {
		return err
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		return fmt.Errorf("what refers to sources was not read: %w", ctx.Err())
	}
	return nil
}

// Run looks now and then for the kinds that were not installed when Watch was called, until ctx ends. Objects that are created
// before their kind is found are in the index from then on; sources that were written in between were judged without them.
func (r *Referrers) Run(ctx context.Context) error {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for len(r.absent) > 0 {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := r.watchInstalled(ctx); err != nil {
			logr.FromContextOrDiscard(ctx).Error(err, "sources are judged without some of those who refer to them; trying again")
		}
	}
	<-ctx.Done()
	return nil
}

// watchInstalled watches those of the absent kinds that are installed by now, and returns what tells when their objects are
// in the index. Where a kind cannot be watched, the others still are.
func (r *Referrers) watchInstalled(ctx context.Context) (synced []toolscache.InformerSynced, err error) {
	var absent []schema.GroupKind
	for _, gk := range r.absent {
		registration, watchErr := r.watch(ctx, gk)
		if registration == nil {
			absent = append(absent, gk)
			err = errors.Join(err, watchErr)
			continue
		}
		synced = append(synced, registration.HasSynced)
	}
	r.absent = absent
	return synced, err
}

// watch keeps the index in step with the objects of a kind. It returns nil where the kind is not installed.
func (r *Referrers) watch(ctx context.Context, gk schema.GroupKind) (toolscache.ResourceEventHandlerRegistration, error) {
	obj, err := served(r.mapper, gk)
	if obj == nil || err != nil {
		return nil, err
	}
	informer, err := r.cache.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", gk, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.put,
		UpdateFunc: func(_, obj any) { r.put(obj) },
		DeleteFunc: func(obj any) { r.remove(gk, obj) },
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", gk, err)
	}
	return registration, nil
}

func (r *Referrers) put(obj any) {
	if u, ok := obj.(*unstructured.Unstructured); ok { // as watch asked for
		r.index.Set(flux.KeyOf(u), u)
	}
}

// remove takes an object out by its name alone: of one whose deletion was missed only that is certain.
func (r *Referrers) remove(gk schema.GroupKind, obj any) {
	key := flux.Key{Group: gk.Group, Kind: gk.Kind}
	name, err := toolscache.DeletionHandlingObjectToName(obj)
	if err != nil {
		return // what the informer holds has a name
	}
	key.Namespace, key.Name = name.Namespace, name.Name
	r.index.Remove(key)
}
