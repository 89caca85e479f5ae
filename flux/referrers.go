package flux

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Referrers is a reverse index: for each source, the namespaces whose objects depend on it, be it through a HelmChart. The
// zero value is empty and ready to be used. It is safe for concurrent use.
//
// It counts what each object refers to, whatever exists, so that the order in which objects come and go does not matter. A
// look-up costs by the namespaces that it returns, not by the objects that were put in.
type Referrers struct {
	mu sync.RWMutex
	// held is what each object put in, so that exactly that is taken back.
	held map[Key]reference
	// counts are, for each source, how many references to it come from a namespace.
	counts map[Key]map[string]int
}

// reference is what one object refers to, and for whom.
type reference struct {
	sources    []Key
	namespaces []string
}

// Set puts in what an object refers to, in place of what it was before.
func (r *Referrers) Set(referrer Key, obj *unstructured.Unstructured) {
	r.put(referrer, reference{sources: References(obj), namespaces: Namespaces(obj)})
}

// Remove takes out what an object refers to. What refers to that object is kept, for when it comes back.
func (r *Referrers) Remove(referrer Key) { r.put(referrer, reference{}) }

// Namespaces returns the namespaces whose objects depend on a source, sorted.
func (r *Referrers) Namespaces(source Key) []string {
	names := r.namespaces(source)
	slices.Sort(names)
	return names
}

func (r *Referrers) namespaces(source Key) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	counts := r.counts[source]
	if len(counts) == 0 {
		return nil
	}
	return slices.AppendSeq(make([]string, 0, len(counts)), maps.Keys(counts))
}

func (r *Referrers) put(referrer Key, is reference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(referrer, r.held[referrer], -1)
	r.count(referrer, is, 1)
	if len(is.sources) == 0 {
		delete(r.held, referrer)
		return
	}
	if r.held == nil {
		r.held = map[Key]reference{}
	}
	r.held[referrer] = is
}

// count adds a reference to what it leads to, or takes it away. It ends whatever the objects say, since it goes two steps and
// no further: only a HelmChart is both referred to and a referrer, and it refers to none (declareFields).
func (r *Referrers) count(referrer Key, ref reference, by int) {
	for _, source := range ref.sources {
		for _, namespace := range ref.namespaces {
			r.add(source, namespace, by)
			for _, beyond := range r.held[source].sources {
				r.add(beyond, namespace, by)
			}
		}
		for namespace, n := range r.counts[referrer] {
			r.add(source, namespace, by*n)
		}
	}
}

// add changes one count, and drops what comes to nothing.
func (r *Referrers) add(source Key, namespace string, by int) {
	namespaces := r.counts[source]
	if namespaces == nil {
		if r.counts == nil {
			r.counts = map[Key]map[string]int{}
		}
		namespaces = map[string]int{}
		r.counts[source] = namespaces
	}
	namespaces[namespace] += by
	if namespaces[namespace] == 0 {
		delete(namespaces, namespace)
	}
	if len(namespaces) == 0 {
		delete(r.counts, source)
	}
}
