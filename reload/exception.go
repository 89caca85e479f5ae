package reload

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// exceptionEntry is an exception of the cluster.
type exceptionEntry struct {
	uid        types.UID
	generation int64
	// compiled is nil where the exception cannot be read.
	compiled *policy.Exception
}

// PutException takes an exception as it is now.
func (s *Store) PutException(written *v1alpha1.PolicyException) {
	key := types.NamespacedName{Namespace: written.Namespace, Name: written.Name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.exceptions[key]; known != nil && known.uid == written.UID && known.generation == written.Generation {
		return
	}
	made := &exceptionEntry{uid: written.UID, generation: written.Generation}
	if compiled, err := policy.CompileException(written); err == nil {
		made.compiled = compiled
	}
	s.exceptions[key] = made
	s.stale.Store(true)
}

// DeleteException forgets an exception.
func (s *Store) DeleteException(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.exceptions, key)
	s.stale.Store(true)
}

// Standing says whether an exception counts at a moment.
type Standing int

// The standings. The zero value is that of an exception that cannot be read.
const (
	Malformed Standing = iota
	InForce
	NoPolicy
	NotAccepted
	Expired
)

// Stands says whether an exception counts, and why not: in the words of its policy, or of what is wrong with it.
func (s *Store) Stands(written *v1alpha1.PolicyException, now time.Time) (Standing, string) {
	e, err := policy.CompileException(written)
	if err != nil {
		return Malformed, err.Error()
	}
	p := s.Policies().Find(e.Policy)
	switch {
	case p == nil:
		return NoPolicy, "there is no SourcePolicy " + e.Policy
	case !e.Active(now):
		return Expired, "it ended at " + e.Until.UTC().Format(time.RFC3339)
	}
	if why := p.Refuses(e, now); why != "" {
		return NotAccepted, why
	}
	return InForce, "it counts until " + e.Until.UTC().Format(time.RFC3339)
}
