package reload

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fluxgate/fluxgate/policy"
	"github.com/fluxgate/fluxgate/policy/v1alpha1"
)

// State says what became of a policy of the cluster.
type State int

// The states. The zero value is that of a policy of which nothing is known.
const (
	Unknown State = iota
	// Current: the present spec is in force.
	Current
	// LastGood: the present spec is broken, and an earlier one in force.
	LastGood
	// Broken: the present spec is broken, and no earlier one is known. What it matches is undecided.
	Broken
	// Shadowed: a policy of a file has the same name, and is the one in force.
	Shadowed
)

// Outcome is what came of a change.
type Outcome struct {
	State State
	// Problem is what is wrong with the present spec; nil for Current.
	Problem error
	// InForce is the earlier spec that is in force; nil but for LastGood.
	InForce *v1alpha1.SourcePolicyInForce
}

// entry is a policy of the cluster.
type entry struct {
	uid        types.UID
	generation int64
	outcome    Outcome
	// inForce is what judges; nil where nothing of this policy does.
	inForce *policy.Policy
	// good is the last spec that could be compiled; nil where none is known.
	good *v1alpha1.SourcePolicyInForce
}

// PutPolicy takes a policy as it is now.
func (s *Store) PutPolicy(written *v1alpha1.SourcePolicy) {
	s.mu.Lock()
	known := s.policies[written.Name]
	s.mu.Unlock()
	if known.is(written) {
		return
	}
	made := s.compile(written, known)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies[written.Name] = made
	s.stale.Store(true)
}

// Outcome tells what came of a generation of a policy; its state is Unknown where that was not put yet.
func (s *Store) Outcome(written *v1alpha1.SourcePolicy) Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.policies[written.Name]
	if known == nil || known.uid != written.UID || known.generation != written.Generation {
		return Outcome{}
	}
	return known.outcome
}

// is reports whether the policy is the one that was compiled. A spec that was good last may come later, with the status.
func (e *entry) is(written *v1alpha1.SourcePolicy) bool {
	return e != nil && e.uid == written.UID && e.generation == written.Generation &&
		(e.outcome.State != Broken || written.Status.InForce == nil)
}

func (s *Store) compile(written *v1alpha1.SourcePolicy, known *entry) *entry {
	made := &entry{uid: written.UID, generation: written.Generation}
	if s.FromFile(written.Name) {
		made.outcome = Outcome{State: Shadowed, Problem: ErrShadowed(written.Name)}
		return made
	}
	compiled, err := s.library.Compile(written)
	made.inForce = compiled
	if err == nil {
		made.outcome = Outcome{State: Current}
		made.good = &v1alpha1.SourcePolicyInForce{Generation: written.Generation, Spec: *written.Spec.DeepCopy()}
		return made
	}
	made.outcome = Outcome{State: Broken, Problem: err}
	s.fallBack(made, written, known)
	return made
}

// fallBack puts the spec in force that was good last: the one that is remembered, else the one that the status keeps. One
// that was good to an earlier version of Fluxgate only is none.
func (s *Store) fallBack(made *entry, written *v1alpha1.SourcePolicy, known *entry) {
	good := written.Status.InForce
	if known != nil && known.uid == written.UID && known.good != nil {
		good = known.good
	}
	if good == nil {
		return
	}
	earlier := written.DeepCopy()
	earlier.Spec, earlier.Generation = *good.Spec.DeepCopy(), good.Generation
	if compiled, err := s.library.Compile(earlier); err == nil {
		made.inForce, made.good = compiled, good
		made.outcome.State, made.outcome.InForce = LastGood, good
	}
}

// ErrShadowed says that a policy of a file has the name.
func ErrShadowed(name string) error {
	return fmt.Errorf("metadata.name: a policy %s is read from a file, which is the one in force: rename one of them", name)
}

// DeletePolicy forgets a policy.
func (s *Store) DeletePolicy(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.policies, name)
	s.stale.Store(true)
}
