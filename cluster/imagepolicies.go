package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/fluxgate/fluxgate/verify"
)

// ImagePolicyReader reads a ClusterImagePolicy in JSON, with the Secrets that it names as they are at this moment. Its error says
// what is wrong with it.
type ImagePolicyReader func(ctx context.Context, document []byte) (verify.ImagePolicy, error)

// ImagePolicies are the ClusterImagePolicies of the cluster, as they are now. Where that kind is not installed there are none.
type ImagePolicies struct {
	cache  Watched
	mapper meta.RESTMapper
	read   ImagePolicyReader

	mu    sync.Mutex
	known map[string]imagePolicy
}

// imagePolicy is a ClusterImagePolicy that was read.
type imagePolicy struct {
	document []byte
	policy   verify.ImagePolicy
	// live: it names Secrets, whose keys count as they are when an artifact is verified.
	live bool
}

// NewImagePolicies returns none, until they are watched.
func NewImagePolicies(c Watched, mapper meta.RESTMapper, read ImagePolicyReader) *ImagePolicies {
	return &ImagePolicies{cache: c, mapper: mapper, read: read, known: map[string]imagePolicy{}}
}

// Wanted returns the policies whose names are wanted, sorted by name; only of these are Secrets read. One that cannot be read is
// among them, and admits nothing: what an administrator demanded must not be dropped because it was written wrongly.
func (p *ImagePolicies) Wanted(ctx context.Context, wanted func(name string) bool) []verify.ImagePolicy {
	p.mu.Lock()
	known := maps.Clone(p.known)
	p.mu.Unlock()
	all := make([]verify.ImagePolicy, 0, len(known))
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !wanted(name) {
			continue
		}
		one := known[name]
		if one.live {
			one.policy = p.parse(ctx, name, one.document)
		}
		all = append(all, one.policy)
	}
	return all
}

// Feed watches the policies where their kind is installed. The function that it returns reports whether all that there were at
// the start are known.
func (p *ImagePolicies) Feed(ctx context.Context) (fed func() bool, err error) {
	registration, err := p.watch(ctx)
	if registration == nil || err != nil {
		return func() bool { return true }, err
	}
	return registration.HasSynced, nil
}

// Run looks now and then for the kind, where it was not installed when Feed was called, until ctx ends.
func (p *ImagePolicies) Run(ctx context.Context) error {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		registration, err := p.watch(ctx)
		switch {
		case err != nil:
			logr.FromContextOrDiscard(ctx).Error(err, "artifacts are verified without the cluster's ClusterImagePolicies; trying again")
		case registration != nil:
			<-ctx.Done()
			return nil
		}
	}
}

// watch keeps the policies up to date. It returns nil where their kind is not installed.
func (p *ImagePolicies) watch(ctx context.Context) (toolscache.ResourceEventHandlerRegistration, error) {
	kind := schema.GroupKind{Group: "policy.sigstore.dev", Kind: "ClusterImagePolicy"}
	// v1alpha1 is what is stored; for the other one the API server needs policy-controller's webhook, which may be down.
	obj, err := served(p.mapper, kind, "v1alpha1", "v1beta1")
	if obj == nil || err != nil {
		return nil, err
	}
	informer, err := p.cache.GetInformer(ctx, obj, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { p.put(ctx, obj) },
		UpdateFunc: func(_, obj any) { p.put(ctx, obj) },
		DeleteFunc: p.remove,
	})
	if err != nil {
		return nil, fmt.Errorf("watching %s: %w", kind, err)
	}
	return registration, nil
}

func (p *ImagePolicies) put(ctx context.Context, obj any) {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return // watch asked for nothing else
	}
	document, err := json.Marshal(u.Object)
	if err != nil {
		document = nil // it was JSON before; what is none cannot be read
	}
	one := imagePolicy{
		document: document, policy: p.parse(ctx, u.GetName(), document), live: bytes.Contains(document, []byte(`"secretRef"`)),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[u.GetName()] = one
}

func (p *ImagePolicies) parse(ctx context.Context, name string, document []byte) verify.ImagePolicy {
	policy, err := p.read(ctx, document)
	if err != nil {
		logr.FromContextOrDiscard(ctx).Error(err, "a ClusterImagePolicy cannot be read; what it is for is undecided", "name", name)
		return verify.BrokenImagePolicy(name, document, err)
	}
	return policy
}

func (p *ImagePolicies) remove(obj any) {
	name, err := toolscache.DeletionHandlingObjectToName(obj)
	if err != nil {
		return // what the informer holds has a name
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, name.Name)
}
