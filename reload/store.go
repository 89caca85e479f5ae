package reload

import (
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/policy"
)

// Store holds what is in force. It is safe for concurrent use; Policies takes no lock but after a change.
type Store struct {
	library *policy.Library
	files   *policy.Set // nil: no files

	set   atomic.Pointer[policy.Set]
	stale atomic.Bool

	mu         sync.Mutex
	policies   map[string]*entry
	exceptions map[types.NamespacedName]*exceptionEntry
}

// New returns a store of the policies of files; nil where there are none.
func New(library *policy.Library, files *policy.Set) *Store {
	s := &Store{
		library: library, files: files,
		policies: map[string]*entry{}, exceptions: map[types.NamespacedName]*exceptionEntry{},
	}
	s.stale.Store(true)
	return s
}

// Policies returns what is in force. Many changes in a row cost one new set: it is made when it is asked for.
func (s *Store) Policies() *policy.Set {
	if !s.stale.Load() {
		return s.set.Load()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stale.Load() {
		s.set.Store(s.gather())
		s.stale.Store(false)
	}
	return s.set.Load()
}

// FromFile reports whether a policy of that name was read from a file.
func (s *Store) FromFile(name string) bool { return s.files != nil && s.files.Find(name) != nil }

func (s *Store) gather() *policy.Set {
	var policies []*policy.Policy
	var exceptions []*policy.Exception
	if s.files != nil {
		policies = append(policies, s.files.Policies()...)
		exceptions = append(exceptions, s.files.Exceptions()...)
	}
	for _, e := range s.policies {
		if e.inForce != nil {
			policies = append(policies, e.inForce)
		}
	}
	for _, e := range s.exceptions {
		if e.compiled != nil {
			exceptions = append(exceptions, e.compiled)
		}
	}
	return policy.NewSet(policies, exceptions)
}
